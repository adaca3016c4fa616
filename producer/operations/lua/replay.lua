-- Put dead letters back on the queue, each in the same step that removes it from the dead stream.
-- KEYS: dead stream, queue or the list of a lane, what was measured of it.  ARGV: most entries in it, most
-- bytes in it (0: any), what precedes an entry id in the key that remembers its submit, seconds it is
-- remembered, then for each letter its stream id, entry id, message, and whether its id was free for a new
-- submit since (1 or 0).
-- Returns how many were still there and are back, and how many found no room. An entry that was
-- submitted again meanwhile stays where it is: it would be answered twice.
local messages = {}
for i = 7, #ARGV, 4 do messages[#messages + 1] = ARGV[i] end
local take, done = room_in(KEYS[2], KEYS[3], tonumber(ARGV[1]), tonumber(ARGV[2]), messages)
local replayed, refused = 0, 0
for i, message in ipairs(messages) do
  local letter, seen = ARGV[4 * i + 1], ARGV[3] .. ARGV[4 * i + 2]
  local again = ARGV[4 * i + 4] == '1' and redis.call('EXISTS', seen) == 1
  if not again and #redis.call('XRANGE', KEYS[1], letter, letter) == 1 then
    if take(message) then
      refused = refused + 1
    else
      -- In this order: were the first refused, nothing has changed.
      redis.call('SET', seen, 'replayed', 'EX', ARGV[4])
      push(KEYS[2], message)
      redis.call('XDEL', KEYS[1], letter)
      replayed = replayed + 1
    end
  end
end
done()
return {replayed, refused}
