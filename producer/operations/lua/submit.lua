-- Enqueue messages whose entry was not submitted before, as far as there is room.
-- KEYS: the queue, what was measured of it, then one "seen" key for each message.
-- ARGV: most entries in the queue, most bytes in it (0: any), seconds an id is remembered, this call's
-- token, whether replicas have to confirm (1 or 0), the messages.
-- Returns one number a message: 0 queued, 1 duplicate, 2 too many entries, 3 too many bytes.
-- A repeated call with the same token (a retry after a lost answer) counts as the same submit;
-- an id that occurs twice in one call is a duplicate the second time.
local messages = {unpack(ARGV, 6)}
local take, done = room_in(KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]), messages)
local seconds, token, confirm = ARGV[3], ARGV[4], ARGV[5] == '1'
local codes, named = {}, {}
for i, message in ipairs(messages) do
  local seen = KEYS[i + 2]
  local holder = redis.call('GET', seen)
  if holder then
    codes[i] = holder == token and not named[seen] and 0 or 1
    -- WAIT looks at what its connection wrote last: write, so that it waits for the submit before.
    if confirm then redis.call('SET', seen, holder, 'KEEPTTL') end
  else
    local refused = take(message)
    if refused then
      codes[i] = refused == 'bytes' and 3 or 2
    else
      -- In this order: were the push refused, no mark may say that the entry is in.
      redis.call('LPUSH', KEYS[1], message)
      redis.call('SET', seen, token, 'EX', seconds)
      codes[i] = 0
    end
  end
  named[seen] = true
end
done()
return codes
