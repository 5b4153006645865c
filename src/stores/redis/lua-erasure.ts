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

/** Entries of an index that one call of the script looks at. */
const MENDED_AT_ONCE = 500;

/**
 * Takes out what leads to owners that Redis removed by itself (RL3, RL4): places in the feed, and conversations of customers.
 * The other indexes are mended by the sweep and by readers. Given and returned: where to go on in both, nothing at the end.
 */
export const MEND_LUA = `${OWNER_LUA}
local place, member = ARGV[2], ARGV[3]
local entries = call('XRANGE', FEED, place == '' and '-' or '(' .. place, '+', 'COUNT', '${MENDED_AT_ONCE}')
for _, entry in ipairs(entries) do
  place = entry[1]
  local head = call('HGET', KEY .. entry[2][2], 't' .. entry[2][4])
  if not head or string.match(head, '^%d+:(%d+):') .. '-0' ~= place then call('XDEL', FEED, place) end
end
local members = call('ZRANGEBYLEX', CUSTOMERS, member == '' and '-' or '(' .. member, '+', 'LIMIT', '0', '${MENDED_AT_ONCE}')
for _, each in ipairs(members) do
  member = each
  local length, rest = string.match(each, '^(%d+):(.*)$')
  local customer, owner = string.sub(rest, 1, length), string.sub(rest, length + 1)
  if call('HGET', KEY .. owner, 'c') ~= customer then call('ZREM', CUSTOMERS, each) end
end
return {#entries == ${MENDED_AT_ONCE} and place or '', #members == ${MENDED_AT_ONCE} and member or ''}
`;

/** Each command of the scripts, with arguments as they have. */
const COMMANDS = [
  "TIME", "GET k", "SET k v", "HSET k f v", "HGET k f", "HMGET k f", "HDEL k f", "HINCRBY k f 1", "HEXISTS k f", "HSTRLEN k f", "PEXPIRE k 1", "PERSIST k", "UNLINK k",
  "ZADD k 0 m", "ZREM k m", "ZSCORE k m", "ZRANGEBYLEX k - +", "ZRANGEBYSCORE k 0 1", "ZREVRANGEBYSCORE k 1 0", "ZREMRANGEBYSCORE k 0 1", "SADD k m", "SREM k m", "SMEMBERS k",
  "XADD k * f v", "XDEL k 1-0", "XRANGE k - +", "XREVRANGE k + -", "XINFO STREAM k",
];

/**
 * What is known of the server before anything is stored: the format of what is there, and how it keeps things. A user who may
 * not run one of the commands is told now, not in the middle of a commit; servers before release 7 cannot say.
 */
export const GREET_LUA = `
for command in string.gmatch(redis.acl_check_cmd and '${COMMANDS.join(",")}' or '', '[^,]+') do
  local words = {}
  for word in string.gmatch(command, '[^ ]+') do words[#words + 1] = word == 'k' and KEYS[1] or word end
  if not redis.acl_check_cmd(unpack(words)) then return redis.error_reply('NOPERM ' .. words[1]) end
end
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
