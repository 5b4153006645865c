// The commit: checks, record, journal, ledger, facts, inbox and trim in one script.                          (S1..S3)
//
//   RC1. What is refused is answered with the owner's head; `refusal.ts` says what it means, as for all stores. (S8)
//   RC2. The write that made the expected version must be the one that the caller knows: after a failover another process
//        may have made the same version once more.
//   RC3. A commit that changes no index needs two keys; only the others carry all of them.

import { HEAD_LUA, OWNER_LUA } from "./lua-owner.ts";

/**
 * Arguments: clock, owner, write id, expected version, epoch, the version it makes, the write id that made the expected
 * one (nothing when not known), call as JSON or nothing, mask, number of the mask's arguments, those, then fields and
 * values of the hash as they are.
 *
 * The mask says what changes beside them, in this order; a capital clears a fact: s status, g agent, c customer, n end
 * reason, x expiry, m messages (their number, then their ids), l trim below.
 */
export const COMMIT_LUA = `${HEAD_LUA}
local owner, writeId, expected, epoch, version, before, known, mask = unpack(ARGV, 2, 9)
local h = call('HMGET', KEY, 'v', 'e', 'w', 's', 'x', 'l')
local isNew = not h[1] or isOver(h[5])
if isNew then
  if expected ~= '0' or epoch ~= '0' then return {} end
elseif h[3] == writeId or h[4] == 'forgotten' or h[2] ~= epoch or h[1] ~= expected or before ~= '' and h[3] ~= before then
  return {h[1], h[2], h[4], h[3]}
end

-- A place in the feed is a time; where that was taken already, or the clock was set back, it is the next one.
local function enterFeed()
  local place = int(us)
  local added = redis.pcall('XADD', FEED, place .. '-0', 'o', owner, 'v', version)
  if type(added) ~= 'table' then return place end
  -- Any other error comes again below, as the server says it.
  local info = string.find(added.err, 'equal or smaller', 1, true) and call('XINFO', 'STREAM', FEED) or {}
  for n = 1, #info, 2 do
    if info[n] == 'last-generated-id' then place = int(math.max(us, string.match(info[n + 1], '^%d+') + 1)) end
  end
  call('XADD', FEED, place .. '-0', 'o', owner, 'v', version)
  return place
end

local at = int(now)
local function append()
  call('HSET', KEY, 't' .. version, at .. ':' .. enterFeed() .. ':' .. known, 'v', version, 'w', writeId, 'u', at, unpack(ARGV, 11 + ARGV[10]))
end

if not isNew and mask == '' then
  append()
  return version
end
${OWNER_LUA.slice(HEAD_LUA.length)}
if isNew then
  if h[1] then erase(KEY, owner) end
  create(KEY, owner)
end
append()

local next = 10
local function take() next = next + 1 return ARGV[next] end
local function has(letter) return string.find(mask, letter, 1, true) end

if has('s') then
  local status = take()
  call('HSET', KEY, 's', status)
  local isLive = status == 'live'
  if isConversation(owner) then
    if isLive then call('ZADD', LIVE, call('HGET', KEY, 'q'), owner) else call('ZREM', LIVE, owner) end
  end
  local mail = tonumber(call('HGET', KEY, 'n') or '0')
  if isLive and mail > 0 then call('SADD', MAIL, owner) else call('SREM', MAIL, owner) end
end
if has('g') then call('HSET', KEY, 'a', take()) elseif has('G') then call('HDEL', KEY, 'a') end
if has('c') or has('C') then
  local before = call('HGET', KEY, 'c')
  if before then call('ZREM', CUSTOMERS, under(before) .. owner) end
  if has('c') then
    local customer = take()
    call('HSET', KEY, 'c', customer)
    call('ZADD', CUSTOMERS, 0, under(customer) .. owner)
  else
    call('HDEL', KEY, 'c')
  end
end
if has('n') then call('HSET', KEY, 'r', take()) elseif has('N') then call('HDEL', KEY, 'r') end
if has('x') then
  expireAt(KEY, owner, take())
elseif has('X') then
  call('HDEL', KEY, 'x')
  call('ZREM', EXPIRY, owner)
  call('PERSIST', KEY)
end
if has('m') then
  local gone = 0
  for _ = 1, tonumber(take()) do
    local id = take()
    local number = call('HGET', KEY, 'i:' .. id)
    if number then
      call('HDEL', KEY, 'i:' .. id, 'm' .. number, 'b' .. number)
      gone = gone + 1
    end
  end
  if gone > 0 and call('HINCRBY', KEY, 'n', -gone) == 0 then call('SREM', MAIL, owner) end
  local mail = call('HMGET', KEY, 'f', 'm')
  local first, last = tonumber(mail[1] or '0'), tonumber(mail[2] or '0')
  while first < last and call('HEXISTS', KEY, 'm' .. int(first + 1)) == 0 do first = first + 1 end
  call('HSET', KEY, 'f', int(first))
end
if has('l') then
  local below = math.min(tonumber(take()), version + 1)
  local low = isNew and 1 or tonumber(h[6])
  if below > low then
    dropTurns(KEY, low, below - 1, false)
    call('HSET', KEY, 'l', int(below))
  end
end
return version
`;
