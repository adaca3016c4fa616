-- Put dead letters back on the queue, each in the same step that removes it from the dead stream.
-- KEYS: dead stream, queue.  ARGV: most entries in the queue, then for each its stream id,
-- entry id and message.
-- Returns how many were still there and are back, and how many found no room.
local room = tonumber(ARGV[1]) - redis.call('LLEN', KEYS[2])
local replayed, refused = 0, 0
for i = 2, #ARGV, 3 do
  if room <= 0 then
    refused = refused + 1
  elseif redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[i + 2])
    room = room - 1
    replayed = replayed + 1
  end
end
return {replayed, refused}
