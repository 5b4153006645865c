// Who serves what: leases, epochs, inboxes.                                                       (P14, P15, P16)
//
//   RV1. A lease only delays a take-over; the epoch is what keeps a stale process from writing.
//   RV2. Every shard knows every lease, so that a take-over decides in one step.

import { OWNER_LUA } from "./lua-owner.ts";
import { LOADED_LUA } from "./lua-reading.ts";

export const ACQUIRE_LUA = `${OWNER_LUA}${LOADED_LUA}
local owner, process = ARGV[2], ARGV[3]
local h = call('HMGET', KEY, 'p', 's', 'x', 'q', 'v')
local before = h[1]
if not h[5] or isOver(h[3]) then
  if h[5] then erase(KEY, owner) end
  before = false
  create(KEY, owner, ARGV[4] and {'a', ARGV[4]})
elseif h[2] == 'forgotten' then
  return {'acquired', loaded(KEY), 0}
elseif before and before ~= process then
  local untilMs = call('ZSCORE', LEASES, before)
  if untilMs and tonumber(untilMs) > now then return {'held', before, untilMs} end
end
call('HSET', KEY, 'p', process)
call('HINCRBY', KEY, 'e', 1)
if before and before ~= process then call('ZREM', OWNED, under(before) .. owner) end
call('ZADD', OWNED, 0, under(process) .. owner)
-- Where Redis lost the indexes but not the owner.
if h[4] then enlist(owner, h[4], h[2]) end
return {'acquired', loaded(KEY), before and before ~= process and 1 or 0}
`;

export const RENEW_LUA = `${OWNER_LUA}
call('ZADD', LEASES, int(now + ARGV[3]), ARGV[2])
return 1
`;

export const RELEASE_LUA = `${OWNER_LUA}
local owner, process, epoch = ARGV[2], ARGV[3], ARGV[4]
local h = call('HMGET', KEY, 'p', 'e', 'x')
if h[1] == process and h[2] == epoch and not isOver(h[3]) then
  call('HDEL', KEY, 'p')
  call('ZREM', OWNED, under(process) .. owner)
end
return 1
`;

export const RETIRE_LUA = `${OWNER_LUA}
local process = ARGV[2]
call('ZREM', LEASES, process)
local prefix = under(process)
local members = call('ZRANGEBYLEX', OWNED, '[' .. prefix, '(' .. prefix .. '\\255', 'LIMIT', '0', '1000')
for _, member in ipairs(members) do
  local key = KEY .. string.sub(member, #prefix + 1)
  if call('HGET', key, 'p') == process then call('HDEL', key, 'p') end
  call('ZREM', OWNED, member)
end
return #members
`;

export const POST_LUA = `${OWNER_LUA}
local owner, id, text = ARGV[2], ARGV[3], ARGV[4]
local h = call('HMGET', KEY, 's', 'x', 'v')
if not h[3] or isOver(h[2]) then return {0} end
if h[1] ~= 'live' then return {0, h[1]} end
if call('HEXISTS', KEY, 'i:' .. id) == 1 then return {1} end
local number = call('HINCRBY', KEY, 'm', 1)
call('HSET', KEY, 'i:' .. id, number, 'm' .. number, int(now) .. ':' .. id, 'b' .. number, text)
call('HINCRBY', KEY, 'n', 1)
call('SADD', MAIL, owner)
return {1}
`;

export const INBOX_LUA = `${OWNER_LUA}
local h = call('HMGET', KEY, 'f', 'm', 'x', 'v')
if not h[4] or isOver(h[3]) then return {} end
local limit = tonumber(ARGV[2])
local messages = {}
local after = ARGV[3] and call('HGET', KEY, 'i:' .. ARGV[3])
for number = math.max(tonumber(h[1] or '0'), tonumber(after or '0')) + 1, tonumber(h[2] or '0') do
  local message = call('HMGET', KEY, 'm' .. int(number), 'b' .. int(number))
  if message[1] then messages[#messages + 1] = message end
  if #messages == limit then break end
end
return messages
`;

/** With a process: what it owns; without: what nobody alive owns. */
export const PENDING_LUA = `${OWNER_LUA}
local process = ARGV[2]
local owners = {}
for _, owner in ipairs(call('SMEMBERS', MAIL)) do
  local h = call('HMGET', KEY .. owner, 's', 'x', 'p', 'v')
  if not h[4] then
    delist(owner)
  elseif h[1] == 'live' and not isOver(h[2]) then
    local isAlive = h[3] and tonumber(call('ZSCORE', LEASES, h[3]) or '0') > now
    if process and h[3] == process or not process and not isAlive then owners[#owners + 1] = owner end
  end
end
return owners
`;
