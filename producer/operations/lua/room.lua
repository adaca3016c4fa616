-- How much room a queue has, in entries and in bytes; put before a script that pushes to it.
-- Entries that wait for a worker with their key (see producer/keys.py) take room as well.
-- `measured` is a hash: how many bytes of memory the queue takes at most (`bytes`), which is what it
-- took when it was measured (`at`, by this server's clock) and all that such scripts have pushed since.
-- Whatever leaves the queue, or is pushed by others, the next measurement sees. There is one a second,
-- and sooner where the bytes seem to be too many; measuring 100,000 entries takes one to three
-- milliseconds. So no counter can drift, nor become negative.

-- The queue, the lane ('' for the first one) and the lane's own list of a list of messages, and how many
-- lists of its kind there are where it is one for tenants.
local function place_of(list)
  local queue, lane, buckets = list:match('^(.+)%.lane:([a-z0-9-]*)%.tenants:%d+/(%d+)$')
  if not queue then queue, lane = list:match('^(.+)%.lane:([a-z0-9-]+)$') end
  if not queue then return list, '', list end
  return queue, lane, lane == '' and queue or queue .. '.lane:' .. lane, buckets
end

-- All lists of a lane for tenants. The hash `turns` knows which there are, by a field ' tenants:N' for N
-- lists of each lane; no lane is called so.
local function tenants_of(queue, lane)
  local lists, known = {}, redis.call('HGETALL', queue .. '.turns')
  for i = 1, #known, 2 do
    local buckets = known[i]:match('^ tenants:(%d+)$')
    for bucket = 0, tonumber(buckets or 0) - 1 do
      lists[#lists + 1] = queue .. '.lane:' .. lane .. '.tenants:' .. bucket .. '/' .. buckets
    end
  end
  return lists
end

-- Put a message into its list. Workers wait for the queue alone: where nothing waits, the first message
-- of another list goes there and wakes one of them; a claim takes it for its lane all the same. The hash
-- `turns` gets to know the lane, so that workers which do not know it can say so, and the lists for tenants,
-- so that claims look into them.
local function push(list, message)
  local queue, lane, _, buckets = place_of(list)
  if list ~= queue and redis.call('LLEN', list) == 0 then
    if lane ~= '' then redis.call('HSETNX', queue .. '.turns', lane, '0') end
    if buckets then redis.call('HSETNX', queue .. '.turns', ' tenants:' .. buckets, '0') end
    if redis.call('LLEN', queue) == 0 then list = queue end
  end
  redis.call('LPUSH', list, message)
end

local MEASURE_SECONDS, SOONER_SECONDS, FEW_ENTRIES = 1, 0.1, 1000
-- Returns two functions. The first takes a message: nil if there is room for it, or what is used up,
-- 'entries' or 'bytes'. The second tells that all are pushed. An empty queue has room for any message.
local function room_in(list, measured, most_entries, most_bytes, messages)
  local queue, lane, own = place_of(list)
  local lists = tenants_of(queue, lane)
  lists[#lists + 1], lists[#lists + 2] = own, own .. '.parked'
  local entries, pushed, refused = 0, 0, nil
  for _, one in ipairs(lists) do entries = entries + redis.call('LLEN', one) end
  local bytes, at = 0, ''
  if most_bytes > 0 then
    local clock = redis.call('TIME')
    local now = clock[1] .. '.' .. string.format('%06d', clock[2])
    local known = redis.call('HMGET', measured, 'bytes', 'at')
    bytes, at = tonumber(known[1] or 0), known[2] or '0'
    local age, coming = tonumber(now) - tonumber(at), 0
    for _, message in ipairs(messages) do coming = coming + #message end
    local full = bytes + coming > most_bytes and (age > SOONER_SECONDS or entries < FEW_ENTRIES)
    if age > MEASURE_SECONDS or age < 0 or full then
      bytes, at = 0, now
      for _, one in ipairs(lists) do
        bytes = bytes + (redis.call('MEMORY', 'USAGE', one, 'SAMPLES', 0) or 0)
      end
    end
  end
  local function take(message)
    if refused then return refused end
    if entries >= most_entries then
      refused = 'entries'
    elseif most_bytes > 0 and entries > 0 and bytes + #message > most_bytes then
      refused = 'bytes'
    else
      entries, bytes, pushed = entries + 1, bytes + #message, pushed + 1
    end
    return refused
  end
  local function done()
    if most_bytes > 0 and (pushed > 0 or refused) then
      redis.call('HSET', measured, 'bytes', string.format('%d', bytes), 'at', at)
    end
  end
  return take, done
end
