-- Put back, each into the list of its lane, messages whose worker has given no sign of life for the length
-- of a lease, and those that woke a worker which took nothing.
-- KEYS: queue, woken, claims, leases, deliveries, reaper (hash with the time of the last call, `ran`,
--       and the time since when leases are judged, `since`)
-- ARGV: seconds of a lease, most messages, most bytes
-- Returns how many claims are back, at most as many as allowed; at least one whatever its size.
-- All times are this server's. Leases count from `since` at the earliest: where nobody called for half
-- a lease (an outage, or a clock that jumped forward) or the clock went back, everyone gets a lease
-- anew, because nobody could renew, or renewed by another clock. Times in the future become now.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('HDEL', KEYS[3], '')
while redis.call('LMOVE', KEYS[2], KEYS[1], 'LEFT', 'RIGHT') do end
local lease, most, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local stamp = clock[1] .. '.' .. string.format('%06d', clock[2])
local now = tonumber(stamp)
local ran = tonumber(redis.call('HGET', KEYS[6], 'ran') or 0)
local since = tonumber(redis.call('HGET', KEYS[6], 'since') or 0)
if now - ran > lease / 2 or now < ran - 1 then
  since = now
  redis.call('HSET', KEYS[6], 'since', stamp)
end
redis.call('HSET', KEYS[6], 'ran', stamp)
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], now + 1, '+inf', 'LIMIT', 0, most)) do
  redis.call('ZADD', KEYS[4], stamp, tag)
end
if since > now - lease then return 0 end
local tags = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now - lease, 'LIMIT', 0, most)
-- In pages of up to 32: one first, then as many as fit if they are as long as those before, so that
-- neither each costs a call of its own, nor are long ones read for nothing.
local found, messages, ended = {}, {}, {}
while #ended < #tags do
  local bytes, size = tonumber(ARGV[3]) - room, 1
  if #messages > 0 then
    size = math.max(1, math.min(32, math.ceil(room * #messages / math.max(bytes, 1))))
  end
  local page = {unpack(tags, #ended + 1, math.min(#ended + size, #tags))}
  for i, message in ipairs(redis.call('HMGET', KEYS[3], unpack(page))) do
    if message then
      room = room - #message
      if room < 0 and #messages > 0 then break end
      found[#found + 1], messages[#messages + 1] = page[i], message
      redis.call('HINCRBY', KEYS[5], redis.sha1hex(message), 1)
    end
    ended[#ended + 1] = page[i]
  end
  if room < 0 then break end
end
-- The list of the lane that a tag tells.
local function list_of(tag)
  local lane = tag:match('@(.+)$')
  return lane and KEYS[1] .. '.lane:' .. lane or KEYS[1]
end
local last = #messages
while last > 0 do
  local list, first, page = list_of(found[last]), last, {messages[last]}
  while first > 1 and #page < 32 and list_of(found[first - 1]) == list do
    first = first - 1
    page[#page + 1] = messages[first]
  end
  redis.call('RPUSH', list, unpack(page))
  redis.call('HDEL', KEYS[3], unpack(found, first, last))
  last = first - 1
end
if #ended > 0 then redis.call('ZREM', KEYS[4], unpack(ended)) end
return #messages
