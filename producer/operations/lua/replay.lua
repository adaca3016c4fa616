-- Put dead letters back on the queue, each in the same step that removes it from the dead stream.
-- KEYS: dead stream, queue, what was measured of it.  ARGV: most entries in the queue, most bytes in
-- it (0: any), then for each its stream id, entry id and message.
-- Returns how many were still there and are back, and how many found no room.
local messages = {}
for i = 5, #ARGV, 3 do messages[#messages + 1] = ARGV[i] end
local take, done = room_in(KEYS[2], KEYS[3], tonumber(ARGV[1]), tonumber(ARGV[2]), messages)
local replayed, refused = 0, 0
for i, message in ipairs(messages) do
  if take(message) then
    refused = refused + 1
  elseif redis.call('XDEL', KEYS[1], ARGV[3 * i]) == 1 then
    redis.call('LPUSH', KEYS[2], message)
    replayed = replayed + 1
  end
end
done()
return {replayed, refused}
