// What goes away: expired owners, forgotten owners.                                                (P13, P22)

import { OWNER_LUA } from "./lua-owner.ts";

/** A sweep's call ends after this many turns, so that commits get in between: about a millisecond of the server. */
const SWEEP_TURNS = 1_000;

export const FORGET_LUA = `${OWNER_LUA}
local owner, tombstone, expires = ARGV[2], ARGV[3], ARGV[4]
local h = call('HMGET', KEY, 'v', 'e', 's', 'l', 'n', 'b', 'x')
local records = call('HEXISTS', KEY, 'd')
local messages = tonumber(h[5] or '0')
if h[3] == 'forgotten' and tombstone == '1' and not isOver(h[7]) then return {records, 0, messages} end
local entries = erase(KEY, owner)
if tombstone == '1' then
  local version = (h[1] or 0) + 1
  create(KEY, owner, {'v', int(version), 'e', int((h[2] or 0) + 1), 's', 'forgotten', 'l', int(version + 1), 'b', h[6] or int(now)})
  call('ZREM', LIVE, owner)
  if expires ~= '' then expireAt(KEY, owner, expires) end
end
return {records, entries, messages}
`;

export const SWEEP_LUA = `${OWNER_LUA}
local limit = tonumber(ARGV[2])
call('ZREMRANGEBYSCORE', LEASES, '-inf', int(now))
local due = call('ZRANGEBYSCORE', EXPIRY, '-inf', int(now), 'LIMIT', '0', int(limit + 1))
local removed, turns = 0, 0
for n = 1, math.min(limit, #due) do
  if turns >= ${SWEEP_TURNS} then break end
  turns = turns + 1 + erase(KEY .. due[n], due[n])
  removed = removed + 1
end
return {removed, #due > removed and 1 or 0}
`;

/** What is known of the server before anything is stored: the format of what is there, and how it keeps things. */
export const GREET_LUA = `
local format = redis.call('GET', KEYS[1])
if not format then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], ARGV[2], 'NX')
  format = ARGV[1]
end
local said = {format}
for _, section in ipairs({'memory', 'persistence'}) do
  local info = redis.pcall('INFO', section)
  said[#said + 1] = type(info) == 'string' and info or ''
end
return said
`;
