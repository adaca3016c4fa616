-- Publish answers and give up their claims, in one step, for claims that are still held.
-- KEYS: claims, leases, deliveries, results, dead, parked (list of messages whose key was missing; other
--       lanes have one each)
-- ARGV: prefix of the "seen" keys, prefix of the "reply" keys, seconds a reply is kept, then six a
--       claim: tag, what the answer is, entry id, name of the field, its value, why the entry is dead
-- An answer is 'result', or 'freed' (a dead letter whose entry may be submitted again at once), or
-- 'dead' (one under an id that is not its own), or 'parked': its value is the key id, and the message
-- waits for a worker with that key.
-- Returns 1 for each claim that was held and is settled now, else 0: also for a cancelled entry, whose
-- claim is given up with nothing published.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Publishing comes before giving up: should it be refused (ACL), the claims are still there. Giving up
-- is tried first on nothing: should that be refused, nothing is published.
-- What can be asked or said of many entries at once is: a call within a script costs about as much as
-- what it does.
redis.call('HDEL', KEYS[1], '')
redis.call('ZREM', KEYS[2], '')
local counted = redis.call('HLEN', KEYS[3]) > 0
local FIRST, FIELDS, PAGE = 4, 6, 500 -- Lua cannot unpack more than about 8,000

-- The replies of a command to one key, or one field, of each entry from `first` to `last`.
local function ask(command, first, last, place, prefix, key)
  local names = {}
  for i = first, last, FIELDS do names[#names + 1] = prefix .. ARGV[i + place] end
  if key then return redis.call(command, key, unpack(names)) end
  return redis.pcall(command, unpack(names))
end

-- For who waits for the reply. It may fail, by a key of another type or an older ACL file, and what is
-- published stays.
local function tell(reply, field, value)
  if redis.pcall('EXISTS', reply) == 1 then
    redis.pcall('XADD', reply, '*', field, value)
    redis.pcall('EXPIRE', reply, ARGV[3])
  end
end

-- A dead letter, with the name of its lane where that is not the first one.
local function dead_letter(lane, ...)
  local fields = {...}
  if lane then fields[#fields + 1], fields[#fields + 2] = 'lane', lane end
  redis.call('XADD', KEYS[5], '*', unpack(fields))
end

local function publish(kind, id, field, value, reason, message, state, awaited, lane)
  local seen, reply = ARGV[1] .. id, ARGV[2] .. id
  if kind == 'parked' then
    local parked = KEYS[6]
    if lane then parked = parked:sub(1, -8) .. '.lane:' .. lane .. '.parked' end
    redis.call('LPUSH', parked, value .. ' ' .. message)
  elseif kind == 'result' then
    redis.call('XADD', KEYS[4], '*', 'entry_id', id, field, value)
    if state and state:sub(-9) ~= ' answered' then
      redis.call('APPEND', seen, ' answered')
    end
    if awaited then tell(reply, 'sealed', value) end
  elseif kind == 'freed' then
    dead_letter(lane, 'entry_id', id, field, value, 'freed', '1')
    redis.call('DEL', seen)
    if awaited then tell(reply, 'dead', reason) end
  else
    dead_letter(lane, 'entry_id', id, field, value)
  end
end

local answer = {}
local function settle(first, last)
  local messages = ask('HMGET', first, last, 0, '', KEYS[1])
  local states = ask('MGET', first, last, 2, ARGV[1])
  local awaited = ask('EXISTS', first, last, 2, ARGV[2]) ~= 0
  local digests, tags, known, over = {}, {}, {}, {}
  for i = first, last, FIELDS do
    local tag, kind, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local place = #answer - (first - FIRST) / FIELDS + 1
    local message, state, held = messages[place], states[place], 0
    -- Refused by an older ACL file, or an id that was settled a moment ago.
    if states.err or known[id] then state = redis.pcall('GET', ARGV[1] .. id) end
    known[id] = true
    if type(state) ~= 'string' then state = nil end
    if message and not over[tag] then
      over[tag] = true
      if state == 'cancelled' and kind ~= 'dead' then
        redis.call('DEL', ARGV[1] .. id)
      else
        held = 1
        local lane = tag:match('@(.+)$')
        publish(kind, id, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], message, state, awaited, lane)
      end
      if counted and (kind ~= 'parked' or held == 0) then
        digests[#digests + 1] = redis.sha1hex(message)
      end
      tags[#tags + 1] = tag
    end
    answer[#answer + 1] = held
  end
  if #digests > 0 then redis.call('HDEL', KEYS[3], unpack(digests)) end
  if #tags > 0 then
    redis.call('HDEL', KEYS[1], unpack(tags))
    redis.call('ZREM', KEYS[2], unpack(tags))
  end
end

for first = FIRST, #ARGV, FIELDS * PAGE do
  settle(first, math.min(first + FIELDS * PAGE, #ARGV + 1) - FIELDS)
end
return answer
