-- Move up to N messages from the queue to the claims, in one step: no more than this worker's share,
-- and no more bytes than allowed, but at least one message.
-- KEYS: queue, woken (list of messages that each woke a worker), claims (hash tag -> message), leases
--       (sorted set tag -> time of the last sign of life), deliveries (hash message digest -> earlier
--       deliveries), weights (hash worker -> its ready children, '' -> the sum of all), results, turns (hash
--       lane -> how far it is ahead), the lists of the other lanes, then those where kombu puts messages
--       with a priority, in Celery's order: after those without one
-- ARGV: N, prefix of the tags, worker, how many claims it holds, most bytes, most unread results, then for
--       each lane its name ('' for the queue's own, which is the first), weight, most messages, most bytes
-- Returns false where workers should pause (results limit), else tag, message, deliveries, ...
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Messages leave the queue last: should a write be refused (ACL), nothing is lost.
-- Asked again with the same prefix, because a connection broke before the answer was read, it answers
-- with what is still held of it: some may have been cancelled.
local LANES, FIRST_LIST = (#ARGV - 6) / 4 - 1, 8
local own_lane, lanes
for i = 0, LANES do
  local name, weight, most, room = unpack(ARGV, 7 + 4 * i, 10 + 4 * i)
  local lane = {
    name = name, weight = tonumber(weight), most = tonumber(most), room = tonumber(room), taken = 0,
    buckets = {}, list = i > 0 and KEYS[FIRST_LIST + i] or nil, suffix = i > 0 and '@' .. name or '',
    compact = '"lane":"' .. name .. '"', spaced = '"lane": "' .. name .. '"',
  }
  if i == 0 then own_lane, lanes = lane, {} else lanes[i] = lane end
end
local PRIORITIES = FIRST_LIST + LANES + 1

-- The lane that a message tells in its header. Within its body, which is in base64, or within any text
-- in JSON, the quotes could not stand.
local function lane_of(message)
  for _, lane in ipairs(lanes) do
    if message:find(lane.compact, 1, true) or message:find(lane.spaced, 1, true) then return lane end
  end
  return own_lane
end

local again = {}
local function claimed_before(suffix)
  for first = 1, tonumber(ARGV[1]), 500 do
    local tags = {}
    for i = first, math.min(first + 499, tonumber(ARGV[1])) do
      tags[#tags + 1] = ARGV[2] .. i .. suffix
    end
    for i, held in ipairs(redis.call('HMGET', KEYS[3], unpack(tags))) do
      if held then
        again[#again + 1] = tags[i]
        again[#again + 1] = held
        again[#again + 1] = 1 + tonumber(redis.call('HGET', KEYS[5], redis.sha1hex(held)) or 0)
      end
    end
  end
end
claimed_before('')
for _, lane in ipairs(lanes) do claimed_before(lane.suffix) end
if #again > 0 then return again end
redis.call('ZREM', KEYS[4], '')
local most, woken = tonumber(ARGV[1]), redis.call('LLEN', KEYS[2])
if LANES > 0 then
  -- What another lane lent the queue, so that it wakes a worker, goes back first.
  for _ = 1, woken do
    local lane = lane_of(redis.call('LRANGE', KEYS[2], 0, 0)[1])
    redis.call('LMOVE', KEYS[2], lane.list or KEYS[2], 'LEFT', 'RIGHT')
  end
  woken = redis.call('LLEN', KEYS[2])
  local oldest = redis.call('LRANGE', KEYS[1], -1, -1)[1]
  while oldest and lane_of(oldest) ~= own_lane do
    redis.call('LMOVE', KEYS[1], lane_of(oldest).list, 'RIGHT', 'RIGHT')
    oldest = redis.call('LRANGE', KEYS[1], -1, -1)[1]
  end
end
own_lane.waiting = woken + redis.call('LLEN', KEYS[1])
for i = PRIORITIES, #KEYS do own_lane.waiting = own_lane.waiting + redis.call('LLEN', KEYS[i]) end
-- Entries of tenants wait in lists of their own, so many in each lane, as a field ' tenants:N' tells.
local function find_tenants(lane, buckets)
  for bucket = 0, buckets - 1 do
    local list = KEYS[1] .. '.lane:' .. lane.name .. '.tenants:' .. bucket .. '/' .. buckets
    local entries = redis.call('LLEN', list)
    if entries > 0 then
      lane.buckets[#lane.buckets + 1] = {list = list, waiting = entries}
      lane.waiting = lane.waiting + entries
    end
  end
end
for _, lane in ipairs(lanes) do lane.waiting = redis.call('LLEN', lane.list) end
local known = redis.call('HGETALL', KEYS[FIRST_LIST])
for i = 1, #known, 2 do
  local buckets = tonumber(known[i]:match('^ tenants:(%d+)$') or 0)
  if buckets > 0 then
    find_tenants(own_lane, buckets)
    for _, lane in ipairs(lanes) do find_tenants(lane, buckets) end
  end
end
local waiting = own_lane.waiting
for _, lane in ipairs(lanes) do waiting = waiting + lane.waiting end
local full = redis.call('XLEN', KEYS[7]) >= tonumber(ARGV[6])
-- The share of all that waits or is claimed, by weight, less what is held. A worker that holds nothing
-- may always take something, and among workers that have room one always may.
local weights = redis.call('HMGET', KEYS[6], ARGV[3], '')
local own, all = tonumber(weights[1] or 0), tonumber(weights[2] or 0)
if own < 1 then own, all = 1, all - own + 1 end
if own < all then
  local total = waiting + redis.call('HLEN', KEYS[3])
  most = math.min(most, math.ceil(total * own / all) - tonumber(ARGV[4]))
end
most = full and 0 or math.min(most, waiting)
local counted = redis.call('HLEN', KEYS[5]) > 0
local clock = redis.call('TIME')
local now = clock[1] .. '.' .. string.format('%06d', clock[2])
local room, taken, answer = tonumber(ARGV[5]), 0, {}

-- As many as are read at once: one first, then as many as fit if they are as long as those before, so
-- that long ones are not read for nothing.
local function page_size()
  local bytes = tonumber(ARGV[5]) - room
  if taken == 0 then return 1 end
  return math.max(1, math.min(32, most - taken, math.ceil(room * taken / math.max(bytes, 1))))
end

local function take(list, lane)
  local before, page = taken, nil
  while taken < most and (room > 0 or taken == 0) and (lane.room > 0 or lane.taken == 0) do
    local done = taken - before
    page = redis.call('LRANGE', list, -done - page_size(), -1 - done)
    if #page == 0 then break end
    local claims, leases = {}, {}
    for i = #page, 1, -1 do
      local message = page[i]
      lane.room = lane.room - #message
      if lane.room < 0 and lane.taken > 0 then break end
      room = room - #message
      if room < 0 and taken > 0 then break end
      taken, lane.taken = taken + 1, lane.taken + 1
      local own = lane == own_lane and lane_of(message) or lane
      local tag, deliveries = ARGV[2] .. taken .. own.suffix, 1
      if counted then
        deliveries = 1 + tonumber(redis.call('HGET', KEYS[5], redis.sha1hex(message)) or 0)
      end
      claims[#claims + 1] = tag
      claims[#claims + 1] = message
      leases[#leases + 1] = now
      leases[#leases + 1] = tag
      answer[#answer + 1] = tag
      answer[#answer + 1] = message
      answer[#answer + 1] = deliveries
    end
    if #claims > 0 then
      redis.call('HSET', KEYS[3], unpack(claims))
      redis.call('ZADD', KEYS[4], unpack(leases))
    end
  end
  if taken > before then redis.call('LTRIM', list, 0, before - taken - 1) end
end

local function take_own()
  local before = taken
  -- What woke a worker is older. It is not moved back first: a push to the queue, even if it is empty
  -- again at once, costs the server a look at every worker that waits.
  if woken > 0 then take(KEYS[2], own_lane) end
  -- The latest goes first, so that the oldest is taken next; each wakes another worker.
  while woken > taken - before and redis.call('LMOVE', KEYS[2], KEYS[1], 'LEFT', 'RIGHT') do end
  take(KEYS[1], own_lane)
  for i = PRIORITIES, #KEYS do take(KEYS[i], own_lane) end
end

-- Take from a lane, and from each of the lists for tenants in it alike: its own list counts as one of them.
-- What does not divide goes to others each time, by the clock.
local function take_lane(lane)
  local function take_first()
    if lane == own_lane then take_own() else take(lane.list, lane) end
  end
  if #lane.buckets == 0 then return take_first() end
  local limit, groups, first = most, {}, lane.waiting
  for _, bucket in ipairs(lane.buckets) do first = first - bucket.waiting end
  -- The first, as what was lent to it, to wake a worker, is older.
  if first > 0 then groups[1] = {waiting = first, quota = 0, take = take_first} end
  for _, bucket in ipairs(lane.buckets) do
    local function take_bucket() take(bucket.list, lane) end
    groups[#groups + 1] = {waiting = bucket.waiting, quota = 0, take = take_bucket}
  end
  local left, start = limit - taken, tonumber(clock[2]) % #groups
  while left > 0 do
    local open = 0
    for _, group in ipairs(groups) do
      if group.quota < group.waiting then open = open + 1 end
    end
    if open == 0 then break end
    local each = math.max(1, math.floor(left / open))
    for i = 1, #groups do
      local group = groups[(start + i) % #groups + 1]
      local more = math.max(0, math.min(each, group.waiting - group.quota, left))
      group.quota, left = group.quota + more, left - more
    end
  end
  for _, group in ipairs(groups) do
    most = math.min(limit, taken + group.quota)
    group.take()
  end
  most = limit
end

-- Stride scheduling (Waldspurger and Weihl, 1995): an entry takes its lane 1 / weight forward, and the
-- lane that is furthest behind is next. `ahead` is how far each is before the hindmost that waits; a
-- lane in which nothing waits falls back to that one and saves up no turns.
local function take_in_turn()
  local every, names, told = {own_lane, unpack(lanes)}, {}, {}
  for i, lane in ipairs(every) do names[i] = lane.name end
  for i, ahead in ipairs(redis.call('HMGET', KEYS[FIRST_LIST], unpack(names))) do
    every[i].ahead, every[i].quota = tonumber(ahead or '') or 0, 0
  end
  local function is_before(one, other)
    if one.ahead ~= other.ahead then return one.ahead < other.ahead end
    return one.weight > other.weight
  end
  local order = {unpack(every)}
  table.sort(order, function(one, other)
    if is_before(one, other) or is_before(other, one) then return is_before(one, other) end
    return one.name < other.name
  end)
  local place = {}
  for i, lane in ipairs(every) do place[i] = lane.ahead end
  for _ = 1, most do
    local next_one
    for _, lane in ipairs(every) do
      local open = lane.quota < math.min(lane.waiting, lane.most)
      if open and (not next_one or is_before(lane, next_one)) then next_one = lane end
    end
    if not next_one then break end
    next_one.quota, next_one.ahead = next_one.quota + 1, next_one.ahead + 1 / next_one.weight
  end
  -- What was not taken in the end, because of its bytes, is not counted.
  for i, lane in ipairs(every) do lane.ahead = place[i] end
  for _, lane in ipairs(order) do
    local before = taken
    most = taken + lane.quota
    take_lane(lane)
    lane.waiting = lane.waiting - (taken - before)
    lane.ahead = lane.ahead + (taken - before) / lane.weight
  end
  local hindmost
  for _, lane in ipairs(every) do
    if lane.waiting > 0 then hindmost = math.min(hindmost or math.huge, lane.ahead) end
  end
  for i, lane in ipairs(every) do
    told[2 * i - 1] = lane.name
    told[2 * i] = hindmost and string.format('%.9f', math.max(0, lane.ahead - hindmost)) or '0'
  end
  redis.call('HSET', KEYS[FIRST_LIST], unpack(told))
end

if LANES > 0 then take_in_turn() else take_lane(own_lane) end
-- Workers wait for the queue alone: where it is empty, the next of a lower priority, of another lane or of
-- a tenant joins it.
if taken < waiting and redis.call('LLEN', KEYS[1]) == 0 then
  for _, list in ipairs({unpack(KEYS, PRIORITIES, #KEYS)}) do
    if redis.call('LMOVE', list, KEYS[1], 'RIGHT', 'LEFT') then break end
  end
  for i = FIRST_LIST + 1, PRIORITIES - 1 do
    if redis.call('LLEN', KEYS[1]) > 0 then break end
    redis.call('LMOVE', KEYS[i], KEYS[1], 'RIGHT', 'LEFT')
  end
  for _, lane in ipairs({own_lane, unpack(lanes)}) do
    for i = 1, #lane.buckets do
      if redis.call('LLEN', KEYS[1]) > 0 then break end
      local bucket = lane.buckets[(clock[2] + i) % #lane.buckets + 1]
      redis.call('LMOVE', bucket.list, KEYS[1], 'RIGHT', 'LEFT')
    end
  end
end
if full then return false end
return answer
