-- Put dead letters back on the queue, each in the same step that removes it from the dead stream.
-- KEYS: dead stream, queue.  ARGV: for each letter its stream id and the message.
-- Returns how many were still there and are back.
local replayed = 0
for i = 1, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[i + 1])
    replayed = replayed + 1
  end
end
return replayed
