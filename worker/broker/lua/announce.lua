-- Tell that a worker is alive, and how many ready children it has; forget those that are silent.
-- KEYS: workers (sorted set worker -> time of its last heartbeat), weights (hash worker -> its ready
--       children, '' -> the sum of all), queue, turns (hash with all lanes that were ever used), then the
--       lists where kombu puts messages with a priority and those of other lanes
-- ARGV: worker, its ready children, seconds after which a silent worker is forgotten, the names of the
-- other lanes that the worker knows
-- Returns how many workers are alive, then the lanes in which messages wait and that the worker does not
-- know. A time in the future was told by another clock: its worker counts as silent until it tells again.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('HDEL', KEYS[2], ' ')
local clock = redis.call('TIME')
local stamp = clock[1] .. '.' .. string.format('%06d', clock[2])
local now = tonumber(stamp)
local function weigh(worker, weight)
  local before = tonumber(redis.call('HGET', KEYS[2], worker) or 0)
  if weight then redis.call('HSET', KEYS[2], worker, weight) else redis.call('HDEL', KEYS[2], worker) end
  redis.call('HINCRBY', KEYS[2], '', (weight or 0) - before)
end
for _, range in ipairs({{'-inf', now - tonumber(ARGV[3])}, {now + 1, '+inf'}}) do
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], range[1], range[2], 'LIMIT', 0, 1000)) do
    redis.call('ZREM', KEYS[1], worker)
    weigh(worker, nil)
  end
end
redis.call('ZADD', KEYS[1], stamp, ARGV[1])
weigh(ARGV[1], tonumber(ARGV[2]))
-- Workers wait for the queue alone: where it is empty, the next of a lower priority, or of another lane,
-- joins it and wakes one of them, whose claim takes others and wakes the next.
if redis.call('LLEN', KEYS[3]) == 0 then
  for i = 5, #KEYS do
    if redis.call('LMOVE', KEYS[i], KEYS[3], 'RIGHT', 'LEFT') then break end
  end
end
local known, answer = {[''] = true}, {redis.call('ZCARD', KEYS[1])}
for i = 4, #ARGV do known[ARGV[i]] = true end
-- Not HKEYS, which the permissions of earlier versions do not have.
local turns = redis.call('HGETALL', KEYS[4])
local function wake_for_tenants(buckets)
  for lane in pairs(known) do
    for i = 1, buckets do
      if redis.call('LLEN', KEYS[3]) > 0 then return end
      local bucket = string.format('%d', (clock[2] + i) % buckets)
      local list = KEYS[3] .. '.lane:' .. lane .. '.tenants:' .. bucket .. '/' .. buckets
      redis.call('LMOVE', list, KEYS[3], 'RIGHT', 'LEFT')
    end
  end
end
for i = 1, #turns, 2 do wake_for_tenants(tonumber(turns[i]:match('^ tenants:(%d+)$') or 0)) end
local function waits_in(lane)
  if redis.call('LLEN', KEYS[3] .. '.lane:' .. lane) > 0 then return true end
  for i = 1, #turns, 2 do
    local buckets = turns[i]:match('^ tenants:(%d+)$')
    for bucket = 0, tonumber(buckets or 0) - 1 do
      local list = KEYS[3] .. '.lane:' .. lane .. '.tenants:' .. bucket .. '/' .. buckets
      if redis.call('LLEN', list) > 0 then return true end
    end
  end
  return false
end
for i = 1, #turns, 2 do
  local lane = turns[i]
  if not known[lane] and lane:sub(1, 1) ~= ' ' and waits_in(lane) then answer[#answer + 1] = lane end
end
return answer
