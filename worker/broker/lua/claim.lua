-- Move up to N messages from the queue to the claims, in one step.
-- KEYS: queue, claims (hash tag -> [message, exchange, routing key]), leases (sorted set tag -> time
--       of the last sign of life), deliveries (hash message digest -> earlier deliveries), results
-- ARGV: N, prefix of the tags, what kombu puts behind a message in the hash, most unread results
-- Returns false where workers should pause (results limit), else tag, message, deliveries, ...
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Messages leave the queue last: should a write be refused (ACL), nothing is lost.
-- Asked again with the same prefix, because a connection broke before the answer was read, it answers
-- with what is held already.
local again, held = {}, redis.call('HGET', KEYS[2], ARGV[2] .. '1')
while held do
  local message = held:sub(2, -1 - #ARGV[3])
  again[#again + 1] = ARGV[2] .. (#again / 3 + 1)
  again[#again + 1] = message
  again[#again + 1] = 1 + tonumber(redis.call('HGET', KEYS[4], redis.sha1hex(message)) or 0)
  held = redis.call('HGET', KEYS[2], ARGV[2] .. (#again / 3 + 1))
end
if #again > 0 then return again end
if redis.call('XLEN', KEYS[5]) >= tonumber(ARGV[4]) then return false end
local most = tonumber(ARGV[1])
if most < 1 then return {} end
local messages = redis.call('LRANGE', KEYS[1], -most, -1)
if #messages == 0 then return {} end
redis.call('ZREM', KEYS[3], '')
local counted = redis.call('HLEN', KEYS[4]) > 0
local clock = redis.call('TIME')
local now = clock[1] .. '.' .. string.format('%06d', clock[2])
local claims, leases, answer = {}, {}, {}
for i = 1, #messages do
  local message = messages[#messages + 1 - i]
  local tag = ARGV[2] .. i
  local deliveries = 1
  if counted then
    deliveries = 1 + tonumber(redis.call('HGET', KEYS[4], redis.sha1hex(message)) or 0)
  end
  claims[#claims + 1] = tag
  claims[#claims + 1] = '[' .. message .. ARGV[3]
  leases[#leases + 1] = now
  leases[#leases + 1] = tag
  if i % 1000 == 0 or i == #messages then -- Lua cannot unpack more than about 8,000
    redis.call('HSET', KEYS[2], unpack(claims))
    redis.call('ZADD', KEYS[3], unpack(leases))
    claims, leases = {}, {}
  end
  answer[#answer + 1] = tag
  answer[#answer + 1] = message
  answer[#answer + 1] = deliveries
end
redis.call('LTRIM', KEYS[1], 0, -1 - #messages)
return answer
