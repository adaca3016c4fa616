-- Put back messages whose worker has given no sign of life for the length of a lease.
-- KEYS: queue, claims, leases, deliveries
-- ARGV: length of what kombu puts behind a message, seconds of a lease, prefix of our tags, most
-- Returns how many are back. Claims of other Celery applications on the same database stay.
local clock = redis.call('TIME')
local latest = clock[1] - tonumber(ARGV[2])
local tags = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', latest, 'LIMIT', 0, ARGV[4])
local back = 0
for i = #tags, 1, -1 do
  local tag = tags[i]
  if tag:sub(1, #ARGV[3]) == ARGV[3] then
    local claim = redis.call('HGET', KEYS[2], tag)
    redis.call('ZREM', KEYS[3], tag)
    redis.call('HDEL', KEYS[2], tag)
    if claim then
      local message = claim:sub(2, -1 - tonumber(ARGV[1]))
      redis.call('RPUSH', KEYS[1], message)
      redis.call('HINCRBY', KEYS[4], redis.sha1hex(message), 1)
      back = back + 1
    end
  end
end
return back
