// What the scripts know of one owner: its hash, its turns, and the shard's indexes that lead to it.
//
// An owner is one hash, so that Redis can lose it as a whole only (eviction, DEL), never a part of it:
//
//   v version  e epoch  p process  w write id  s status  a agent  c customer  r end reason  d record
//   b created  u updated  x expires  q creation sequence  l lowest version shown
//   t<version> "<at>:<place in the feed>:<call as JSON or nothing>"   e<version> entry   a<version> answer   c:<call id> its version
//   n mail that waits  m number of the last mail  f mail up to here is consumed
//   m<number> "<at>:<message id>"   b<number> its text   i:<message id> its number
//
// All keys of a shard carry one hash tag, so a script changes an owner and its indexes in one step, also in a cluster:
//
//   RL1. Everything that decides is read before anything is written; the first write is one that Redis refuses when its
//        memory is full. So a script does all of its work or nothing.                                       (S1)
//   RL2. Time is the server's: a clock of ours comes along only where a test stands still.                  (S5)
//   RL3. An index may name an owner that is not there (evicted, expired by Redis itself): readers look, and mend it.
//   RL4. Redis expires a hash by itself some time after its owner did, for the case that no process sweeps.  (P13)

/** How long after its expiry Redis removes what nobody swept, milliseconds. */
export const GRACE_MS = 3_600_000;

/** Microseconds between two sequence numbers of a shard; as many shards as this can be told apart by the remainder. */
export const SEQUENCE_STEP = 16;

/** The keys that a script gets, in this order; short ones get only the first, or two. */
export const KEY_NAMES = ["KEY", "FEED", "SEQUENCE", "OWNERS", "CONVERSATIONS", "LIVE", "CUSTOMERS", "OWNED", "EXPIRY", "MAIL", "LEASES"] as const;

/** What every script begins with: its keys and the time. */
export const HEAD_LUA = `
local ${KEY_NAMES.join(", ")} = unpack(KEYS)
local call = redis.call

local us
if ARGV[1] == '' then
  local time = call('TIME')
  us = time[1] * 1000000 + time[2]
else
  us = tonumber(ARGV[1])
end
local now = math.floor(us / 1000)

local function int(number) return string.format('%.0f', number) end

local function isOver(expires) return expires and tonumber(expires) <= now end

`;

export const OWNER_LUA = `${HEAD_LUA}
local function isConversation(owner) return string.sub(owner, 1, 13) == 'conversation:' end

-- An entry of an index by text: all entries of one value lie together, whatever characters it has.
local function under(value) return #value .. ':' .. value end

-- Numbers of owners in the order of their creation. They grow with time and never repeat, in no shard: each has its own
-- remainder, which the first value brings (greet).
local function nextSequence()
  local last = tonumber(call('GET', SEQUENCE) or '0')
  local sequence = us - us % ${SEQUENCE_STEP} + last % ${SEQUENCE_STEP}
  if sequence <= last then sequence = last + ${SEQUENCE_STEP} end
  call('SET', SEQUENCE, int(sequence))
  return int(sequence)
end

local function enlist(owner, sequence, status)
  call('ZADD', OWNERS, sequence, owner)
  if not isConversation(owner) then return end
  call('ZADD', CONVERSATIONS, sequence, owner)
  if status == 'live' then call('ZADD', LIVE, sequence, owner) end
end

local function delist(owner)
  for _, index in ipairs({OWNERS, CONVERSATIONS, LIVE, EXPIRY}) do call('ZREM', index, owner) end
  call('SREM', MAIL, owner)
end

local function expireAt(key, owner, expires)
  call('HSET', key, 'x', expires)
  call('ZADD', EXPIRY, expires, owner)
  call('PEXPIRE', key, int(math.max(tonumber(expires) - now, 0) + ${GRACE_MS}))
end

local function create(key, owner, fields)
  local sequence = nextSequence()
  -- Of an owner that Redis lost: its expiry is not that of the new one (RL3).
  call('ZREM', EXPIRY, owner)
  call('SREM', MAIL, owner)
  call('HSET', key, 'v', '0', 'e', '0', 's', 'live', 'b', int(now), 'u', int(now), 'l', '1', 'q', sequence, unpack(fields or {}))
  enlist(owner, sequence, 'live')
end

local TURNS_AT_ONCE = 200

-- Calls visit(version, head) for the turns from low to high.
local function eachTurn(key, low, high, visit)
  for first = low, high, TURNS_AT_ONCE do
    local last = math.min(first + TURNS_AT_ONCE - 1, high)
    local fields = {}
    for version = first, last do fields[#fields + 1] = 't' .. int(version) end
    for n, head in ipairs(call('HMGET', key, unpack(fields))) do
      if head then visit(int(first + n - 1), head) end
    end
  end
end

-- Takes turns out of the feed and, unless the whole hash goes, out of the owner.
local function dropTurns(key, low, high, isWhole)
  local ids, fields = {}, {}
  local function flush()
    if #ids > 0 then call('XDEL', FEED, unpack(ids)) end
    if #fields > 0 then call('HDEL', key, unpack(fields)) end
    ids, fields = {}, {}
  end
  eachTurn(key, low, high, function(version, head)
    local place, known = string.match(head, '^%d+:(%d+):(.*)$')
    ids[#ids + 1] = place .. '-0'
    if not isWhole then
      for _, letter in ipairs({'t', 'e', 'a'}) do fields[#fields + 1] = letter .. version end
      local id = known ~= '' and cjson.decode(known)[1]
      if id and call('HGET', key, 'c:' .. id) == version then fields[#fields + 1] = 'c:' .. id end
    end
    if #ids == TURNS_AT_ONCE then flush() end
  end)
  flush()
end

-- Removes an owner as if it had never been; returns how many turns that were.
local function erase(key, owner)
  local h = call('HMGET', key, 'v', 'l', 'c', 'p')
  local turns = 0
  if h[1] then
    turns = h[1] - h[2] + 1
    dropTurns(key, tonumber(h[2]), tonumber(h[1]), true)
    if h[3] then call('ZREM', CUSTOMERS, under(h[3]) .. owner) end
    if h[4] then call('ZREM', OWNED, under(h[4]) .. owner) end
    call('UNLINK', key)
  end
  delist(owner)
  return turns
end
`;
