-- Move up to N messages from the queue to the claims, in one step: no more than this worker's share,
-- and no more bytes than allowed, but at least one message.
-- KEYS: queue, woken (list of messages that each woke a worker), claims (hash tag -> message), leases
--       (sorted set tag -> time of the last sign of life), deliveries (hash message digest -> earlier
--       deliveries), weights (hash worker -> its ready children, '' -> the sum of all), results, then the
--       lists where kombu puts messages with a priority, in Celery's order: after those without one
-- ARGV: N, prefix of the tags, worker, how many claims it holds, most bytes, most unread results
-- Returns false where workers should pause (results limit), else tag, message, deliveries, ...
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Messages leave the queue last: should a write be refused (ACL), nothing is lost.
-- Asked again with the same prefix, because a connection broke before the answer was read, it answers
-- with what is still held of it: some may have been cancelled.
local again = {}
for first = 1, tonumber(ARGV[1]), 500 do
  local tags = {}
  for i = first, math.min(first + 499, tonumber(ARGV[1])) do tags[#tags + 1] = ARGV[2] .. i end
  for i, held in ipairs(redis.call('HMGET', KEYS[3], unpack(tags))) do
    if held then
      again[#again + 1] = tags[i]
      again[#again + 1] = held
      again[#again + 1] = 1 + tonumber(redis.call('HGET', KEYS[5], redis.sha1hex(held)) or 0)
    end
  end
end
if #again > 0 then return again end
redis.call('ZREM', KEYS[4], '')
local most, woken = tonumber(ARGV[1]), redis.call('LLEN', KEYS[2])
local waiting = woken + redis.call('LLEN', KEYS[1])
for i = 8, #KEYS do waiting = waiting + redis.call('LLEN', KEYS[i]) end
local full = redis.call('XLEN', KEYS[7]) >= tonumber(ARGV[6])
-- The share of all that waits or is claimed, by weight, less what is held. A worker that holds nothing
-- may always take something, and among workers that have room one always may.
local weights = redis.call('HMGET', KEYS[6], ARGV[3], '')
local own, all = tonumber(weights[1] or 0), tonumber(weights[2] or 0)
if own < 1 then own, all = 1, all - own + 1 end
if own < all then
  local total = waiting + redis.call('HLEN', KEYS[3])
  most = math.min(most, math.ceil(total * own / all) - tonumber(ARGV[4]))
end
most = full and 0 or math.min(most, waiting)
local counted = redis.call('HLEN', KEYS[5]) > 0
local clock = redis.call('TIME')
local now = clock[1] .. '.' .. string.format('%06d', clock[2])
local room, taken, answer = tonumber(ARGV[5]), 0, {}

-- As many as are read at once: one first, then as many as fit if they are as long as those before, so
-- that long ones are not read for nothing.
local function page_size()
  local bytes = tonumber(ARGV[5]) - room
  if taken == 0 then return 1 end
  return math.max(1, math.min(32, most - taken, math.ceil(room * taken / math.max(bytes, 1))))
end

local function take(list)
  local before, page = taken, nil
  while taken < most and (room > 0 or taken == 0) do
    local done = taken - before
    page = redis.call('LRANGE', list, -done - page_size(), -1 - done)
    if #page == 0 then break end
    local claims, leases = {}, {}
    for i = #page, 1, -1 do
      local message = page[i]
      room = room - #message
      if room < 0 and taken > 0 then break end
      taken = taken + 1
      local tag, deliveries = ARGV[2] .. taken, 1
      if counted then
        deliveries = 1 + tonumber(redis.call('HGET', KEYS[5], redis.sha1hex(message)) or 0)
      end
      claims[#claims + 1] = tag
      claims[#claims + 1] = message
      leases[#leases + 1] = now
      leases[#leases + 1] = tag
      answer[#answer + 1] = tag
      answer[#answer + 1] = message
      answer[#answer + 1] = deliveries
    end
    if #claims > 0 then
      redis.call('HSET', KEYS[3], unpack(claims))
      redis.call('ZADD', KEYS[4], unpack(leases))
    end
  end
  if taken > before then redis.call('LTRIM', list, 0, before - taken - 1) end
end

-- What woke a worker is older. It is not moved back first: a push to the queue, even if it is empty
-- again at once, costs the server a look at every worker that waits.
if woken > 0 then take(KEYS[2]) end
-- The latest goes first, so that the oldest is taken next; each wakes another worker.
while woken > taken and redis.call('LMOVE', KEYS[2], KEYS[1], 'LEFT', 'RIGHT') do end
take(KEYS[1])
for i = 8, #KEYS do take(KEYS[i]) end
-- Workers wait for the queue alone: where it is empty, the next of a lower priority joins it.
if taken < waiting and redis.call('LLEN', KEYS[1]) == 0 then
  for i = 8, #KEYS do
    if redis.call('LMOVE', KEYS[i], KEYS[1], 'RIGHT', 'LEFT') then break end
  end
end
if full then return false end
return answer
