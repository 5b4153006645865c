// Reading: one owner, its journal and answers, lists, and the feed of a shard.
//
//   RR1. An expired owner is absent for every reader.                                                         (S5)
//   RR2. Scripts that walk an index look at a bounded number of owners and say where to go on.

import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS } from "../../state/store.ts";
import { OWNER_LUA } from "./lua-owner.ts";

/** Owners that one call of a script looks at. */
const VISITS = 2_000;

/** Returns an owner as it is, false when it is absent: fields, its last calls, its last write id, the time. */
export const LOADED_LUA = `
local function loaded(key)
  local h = call('HMGET', key, 'v', 'e', 'p', 's', 'a', 'c', 'r', 'b', 'u', 'x', 'n', 'd', 'l', 'w')
  if not h[1] or isOver(h[10]) then return false end
  local calls = {}
  local high, low = tonumber(h[1]), tonumber(h[13])
  while high >= low and #calls < ${2 * LEDGER_MAX_CALLS} do
    local first = math.max(low, high - TURNS_AT_ONCE + 1)
    local part = {}
    eachTurn(key, first, high, function(version, head)
      if string.byte(head, -1) == 93 then part[#part + 1] = {version, head} end
    end)
    for n = #part, 1, -1 do
      if #calls == ${2 * LEDGER_MAX_CALLS} then break end
      calls[#calls + 1] = part[n][1]
      calls[#calls + 1] = part[n][2]
    end
    high = first - 1
  end
  h[13] = calls
  h[15] = int(now)
  return h
end
`;

export const LOAD_LUA = `${OWNER_LUA}${LOADED_LUA}
return loaded(KEY)
`;

export const ANSWER_LUA = `${OWNER_LUA}
local h = call('HMGET', KEY, 'x', 'c:' .. ARGV[2])
if not h[2] or isOver(h[1]) then return false end
local turn = call('HMGET', KEY, 't' .. h[2], 'a' .. h[2])
if not turn[1] or tonumber(string.match(turn[1], '^%d+')) <= now - ${LEDGER_MAX_AGE_MS} then return false end
return turn[2]
`;

export const HISTORY_LUA = `${OWNER_LUA}
local h = call('HMGET', KEY, 'v', 'l', 'x')
if not h[1] or isOver(h[3]) then return {} end
local low = math.max(tonumber(h[2]), ARGV[2] + 1)
local high = math.min(tonumber(h[1]), low + ARGV[3] - 1)
local turns = {}
eachTurn(KEY, low, high, function(version, head)
  local turn = {version, head, call('HGET', KEY, 'e' .. version)}
  if ARGV[4] == 'a' then turn[4] = call('HGET', KEY, 'a' .. version) end
  turns[#turns + 1] = turn
end)
return turns
`;

/** Filters: a text each, or nothing where the mask lacks its letter: k kind, s status, a agent, c customer, o orphaned. */
export const LIST_LUA = `${OWNER_LUA}
local index, before, limit, mask, kind, status, agent, customer = unpack(ARGV, 2, 9)
local function has(letter) return string.find(mask, letter, 1, true) end
local BASE = KEY
local alive = {}
local function isServed(process)
  if not process then return false end
  if alive[process] == nil then alive[process] = tonumber(call('ZSCORE', LEASES, process) or '0') > now end
  return alive[process]
end
local items = {}
local function look(owner, forget)
  local key = BASE .. owner
  local h = call('HMGET', key, 'q', 'v', 'e', 'p', 's', 'a', 'c', 'r', 'b', 'u', 'x')
  if not h[2] then return forget(owner) end
  if isOver(h[11]) then return end
  if has('k') and string.sub(owner, 1, #kind) ~= kind then return end
  if has('s') and h[5] ~= status then return end
  if has('a') and h[6] ~= agent then return end
  if has('c') and h[7] ~= customer then return end
  if has('o') and isServed(h[4]) then return end
  h[12] = call('HSTRLEN', key, 'd')
  h[13] = owner
  items[#items + 1] = h
end

if has('c') then
  local prefix = under(customer)
  for _, member in ipairs(call('ZRANGEBYLEX', CUSTOMERS, '[' .. prefix, '(' .. prefix .. '\\255')) do
    look(string.sub(member, #prefix + 1), function() call('ZREM', CUSTOMERS, member) end)
  end
  return {items, ''}
end

local lists = {owners = OWNERS, conversations = CONVERSATIONS, live = LIVE}
local visits = 0
while visits < ${VISITS} do
  local page = call('ZREVRANGEBYSCORE', lists[index], '(' .. before, '-inf', 'WITHSCORES', 'LIMIT', '0', '100')
  for n = 1, #page, 2 do
    look(page[n], delist)
    before = page[n + 1]
    if #items == tonumber(limit) then return {items, before} end
  end
  if #page < 200 then return {items, ''} end
  visits = visits + 100
end
return {items, before}
`;

/** The newest place in the feed, or what was committed after a place. */
export const FEED_LUA = `${OWNER_LUA}
local after, limit = ARGV[2], tonumber(ARGV[3])
if limit == 0 then
  local newest = call('XREVRANGE', FEED, '+', '-', 'COUNT', '1')[1]
  return {{}, newest and string.match(newest[1], '^%d+') or '0', 1}
end
local items, visits = {}, 0
while visits < ${VISITS} do
  local page = call('XRANGE', FEED, '(' .. after .. '-0', '+', 'COUNT', '100')
  for _, entry in ipairs(page) do
    local place = string.match(entry[1], '^%d+')
    local owner, version = entry[2][2], entry[2][4]
    local h = call('HMGET', KEY .. owner, 'x', 't' .. version, 'e' .. version)
    if not h[2] or string.match(h[2], '^%d+:(%d+):') ~= place then
      call('XDEL', FEED, entry[1])
    elseif not isOver(h[1]) then
      items[#items + 1] = {place, owner, version, h[2], h[3]}
    end
    after = place
    if #items == limit then return {items, after, 0} end
  end
  if #page < 100 then return {items, after, 1} end
  visits = visits + 100
end
return {items, after, 0}
`;
