-- Enqueue messages whose entry was not submitted before, as far as there is room.
-- KEYS: the queue, then one "seen" key for each message.
-- ARGV: most entries in the queue, seconds an id is remembered, this call's token, whether replicas
-- have to confirm (1 or 0), the messages.
-- Returns one number a message: 0 queued, 1 duplicate, 2 no room.
-- A repeated call with the same token (a retry after a lost answer) counts as the same submit;
-- an id that occurs twice in one call is a duplicate the second time.
-- Entries that wait for a worker with their key (see producer/keys.py) take room as well.
local room = tonumber(ARGV[1]) - redis.call('LLEN', KEYS[1]) - redis.call('LLEN', KEYS[1] .. '.parked')
local seconds, token, confirm = ARGV[2], ARGV[3], ARGV[4] == '1'
local codes, named = {}, {}
for i = 2, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder then
    codes[i - 1] = holder == token and not named[KEYS[i]] and 0 or 1
    -- WAIT looks at what its connection wrote last: write, so that it waits for the submit before.
    if confirm then redis.call('SET', KEYS[i], holder, 'KEEPTTL') end
  elseif room <= 0 then
    codes[i - 1] = 2
  else
    -- In this order: were the push refused, no mark may say that the entry is in.
    redis.call('LPUSH', KEYS[1], ARGV[i + 3])
    redis.call('SET', KEYS[i], token, 'EX', seconds)
    room = room - 1
    codes[i - 1] = 0
  end
  named[KEYS[i]] = true
end
return codes
