-- Enqueue messages whose entry was not submitted before, as far as there is room.
-- KEYS: the queue, or the list of a lane or of tenants in it, what was measured of the lane, one "seen" key for each message, then one
-- "reply" key for each if replies are asked for.
-- ARGV: most entries in the queue, most bytes in it (0: any), seconds an id is remembered, this call's
-- token, whether replicas have to confirm (1 or 0), whether replies are asked for (1 or 0), the messages.
-- Returns one number a message: 0 queued, 1 duplicate, 2 too many entries, 3 too many bytes.
-- A repeated call with the same token (a retry after a lost answer) counts as the same submit;
-- an id that occurs twice in one call is a duplicate the second time.
local messages = {unpack(ARGV, 7)}
local take, done = room_in(KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]), messages)
local seconds, token, confirm, asked = ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6] == '1'
local codes, named = {}, {}

-- Whoever answers the entry puts a reply into its key if that exists. What is there of an earlier
-- submit of the id, whose entry is dead or cancelled, goes.
local function ask(key, anew)
  if redis.call('EXISTS', key) == 1 then
    if not anew then return end
    -- The first write must be one that a Redis out of memory refuses: after any other it would let
    -- the script finish, and take entries without end.
    redis.call('HSET', KEYS[2], 'asked', '1')
    redis.call('DEL', key)
  end
  redis.call('XADD', key, '1-0', 'asked', '1')
  redis.call('EXPIRE', key, seconds)
end

for i, message in ipairs(messages) do
  local seen, reply = KEYS[2 + i], KEYS[2 + #messages + i]
  local holder = redis.call('GET', seen)
  if holder then
    local answered = holder:sub(-9) == ' answered'
    local same = holder == token or holder == token .. ' answered'
    codes[i] = same and not named[seen] and 0 or 1
    if asked and not answered then ask(reply, false) end
    -- WAIT looks at what its connection wrote last: write, so that it waits for the submit before.
    if confirm then redis.call('SET', seen, holder, 'KEEPTTL') end
  else
    local refused = take(message)
    if refused then
      codes[i] = refused == 'bytes' and 3 or 2
    else
      -- In this order: were the push refused, no mark may say that the entry is in.
      if asked then ask(reply, true) end
      push(KEYS[1], message)
      redis.call('SET', seen, token, 'EX', seconds)
      codes[i] = 0
    end
  end
  named[seen] = true
end
done()
return codes
