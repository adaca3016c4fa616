-- Put back messages whose worker has given no sign of life for the length of a lease.
-- KEYS: queue, claims, leases, deliveries, then the lists where kombu puts messages with a priority
-- ARGV: what kombu puts behind a message, seconds of a lease, prefix of our tags, most
-- Returns how many are back. Claims on the same database that are another Celery application's
-- or another queue's stay, and hide none of ours.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('HDEL', KEYS[2], '')
local suffix, prefix, most = ARGV[1], ARGV[3], tonumber(ARGV[4])
-- Entries have no priorities: what a Celery producer sent with one joins the others, to be taken next.
for i = 5, #KEYS do
  for _ = 1, ARGV[4] do
    if not redis.call('LMOVE', KEYS[i], KEYS[1], 'RIGHT', 'RIGHT') then break end
  end
end
local clock = redis.call('TIME')
local latest = clock[1] - tonumber(ARGV[2])
local tags, messages, offset = {}, {}, 0
repeat
  local page = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', latest, 'LIMIT', offset, most)
  offset = offset + #page
  for _, tag in ipairs(page) do
    if #tags < most and tag:sub(1, #prefix) == prefix then
      local claim = redis.call('HGET', KEYS[2], tag)
      if not claim or claim:sub(-#suffix) == suffix then
        tags[#tags + 1] = tag
        messages[#tags] = claim and claim:sub(2, -1 - #suffix)
      end
    end
  end
until #page < most or #tags >= most
local back = 0
for i = #tags, 1, -1 do
  local message = messages[i]
  if message then
    redis.call('HINCRBY', KEYS[4], redis.sha1hex(message), 1)
    redis.call('RPUSH', KEYS[1], message)
    redis.call('HDEL', KEYS[2], tags[i])
    back = back + 1
  end
  redis.call('ZREM', KEYS[3], tags[i])
end
return back
