// The commit: checks, record, journal, ledger, facts, inbox and trim in one script.                          (S1..S3)
//
//   RC1. What is refused is answered with the owner's head; `refusal.ts` says what it means, as for all stores. (S8)
//   RC2. A commit that changes no index needs three keys; only the others carry all of them.

import { OWNER_LUA } from "./lua-owner.ts";

/**
 * The letters that say which optional arguments follow, in this order. A capital clears a fact.
 * r record, t entry, k answer (call as JSON, call id, text), s status, g agent, c customer, n end reason, x expiry,
 * m messages (their number, then their ids), l trim below
 */
export const COMMIT_LUA = `${OWNER_LUA}
local owner, writeId, expected, epoch, mask = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local at = 6
local function take() at = at + 1 return ARGV[at] end
local function has(letter) return string.find(mask, letter, 1, true) end

local h = call('HMGET', KEY, 'v', 'e', 'w', 's', 'x', 'l')
local version, low = h[1], h[6]
if not version or isOver(h[5]) then
  if expected ~= '0' or epoch ~= '0' then return {0} end
  if version then erase(KEY, owner) end
  create(KEY, owner)
  version, low = '0', '1'
elseif h[3] == writeId or h[4] == 'forgotten' or h[2] ~= epoch or version ~= expected then
  return {0, version, h[2], h[4], h[3]}
end

version = int(version + 1)
local sequence = nextSequence()
call('XADD', FEED, sequence .. '-0', 'o', owner, 'v', version)
local set, known = {'v', version, 'w', writeId, 'u', int(now)}, ''
local function put(field, value) set[#set + 1] = field; set[#set + 1] = value end
if has('r') then put('d', take()) end
if has('t') then put('e' .. version, take()) end
if has('k') then
  known = take()
  put('c:' .. take(), version)
  put('a' .. version, take())
end
put('t' .. version, int(now) .. ':' .. sequence .. ':' .. known)
call('HSET', KEY, unpack(set))

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
  low = tonumber(low)
  if below > low then
    dropTurns(KEY, low, below - 1, false)
    call('HSET', KEY, 'l', int(below))
  end
end
return {1, version}
`;
