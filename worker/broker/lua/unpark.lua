-- Put parked messages back to the end of the queue that is taken next, where this worker has the key.
-- It looks at the oldest. Where there are more, those that stay go to the other end, so that the next
-- call sees what comes after them.
-- KEYS: queue, parked (list of key id, space, message)
-- ARGV: how many to look at, at most so many bytes of them, then the ids of the keys this worker has
-- Returns how many are back, then the ids of other keys that were seen.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('LTRIM', KEYS[2], 0, -1)
-- Without the right to take them off, what is pushed back would be there twice.
redis.call('RPOP', KEYS[2], 0)
local length = redis.call('LLEN', KEYS[2])
local most, room = math.min(tonumber(ARGV[1]), length), tonumber(ARGV[2])
local own, page, others, answer = {}, {}, {}, {0}
for i = 3, #ARGV do own[ARGV[i]] = true end
while #page < most and room > 0 do
  local parked = redis.call('LRANGE', KEYS[2], -1 - #page, -1 - #page)[1]
  local id, message = string.match(parked, '^(%S*) ?(.*)$')
  page[#page + 1] = own[id] and message or false
  room = room - #parked
  if own[id] then
    answer[1] = answer[1] + 1
  elseif not others[id] then
    others[id] = true
    answer[#answer + 1] = id
  end
end
if answer[1] == 0 and #page == length then return answer end
-- The latest first, so that the oldest is taken next. Pushed before they are taken off: should that be
-- refused (ACL), nothing is lost.
for i = #page, 1, -1 do
  if page[i] then redis.call('RPUSH', KEYS[1], page[i]) end
end
for i = 1, #page do
  if page[i] then
    redis.call('RPOP', KEYS[2])
  else
    redis.call('LMOVE', KEYS[2], KEYS[2], 'RIGHT', 'LEFT')
  end
end
return answer
