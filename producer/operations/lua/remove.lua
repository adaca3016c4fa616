-- Remove the message of a cancelled entry from one page of a list or of the claims.
-- KEYS: the list or the hash of claims, leases, deliveries, the entry's "seen" key
-- ARGV: entry id, `list` or `claims`, where the page begins: messages from the left, or a cursor; most
--       messages and most bytes of a page
-- Returns 1 if it was there and is gone, and where the next page begins: 0 for nowhere.
-- From the left, where messages are pushed: those that move meanwhile are seen twice, and not missed.
-- An id that was submitted again since is another entry's, and is left alone.
local id, from = ARGV[1], tonumber(ARGV[3])
local most, room = tonumber(ARGV[4]), tonumber(ARGV[5])
local quoted = '"' .. id .. '"'

local mark = redis.call('GET', KEYS[4])
if mark and mark ~= 'cancelled' then return {0, 0} end

local function is_of(message)
  room = room - #message
  if not message:find(quoted, 1, true) then return false end
  -- A parked message stands behind the id of its key and a space.
  local decoded, content = pcall(cjson.decode, message:match('^%S* ({.*)$') or message)
  return decoded and type(content) == 'table' and type(content.headers) == 'table'
    and content.headers.id == id
end

local function gone(message)
  redis.call('HDEL', KEYS[3], redis.sha1hex(message:match('^%S* ({.*)$') or message))
  -- The id is free again.
  if redis.call('GET', KEYS[4]) == 'cancelled' then redis.call('DEL', KEYS[4]) end
  return {1, 0}
end

if ARGV[2] == 'claims' then
  local page = redis.call('HSCAN', KEYS[1], ARGV[3], 'COUNT', 16)
  for i = 1, #page[2], 2 do
    if is_of(page[2][i + 1]) then
      redis.call('HDEL', KEYS[1], page[2][i])
      redis.call('ZREM', KEYS[2], page[2][i])
      return gone(page[2][i + 1])
    end
  end
  return {0, page[1]}
end
local looked = 0
while looked < most and room > 0 do
  local page = redis.call('LRANGE', KEYS[1], from + looked, from + looked + 15)
  if #page == 0 then return {0, 0} end
  for i = 1, #page do
    if is_of(page[i]) then
      redis.call('LREM', KEYS[1], 1, page[i])
      return gone(page[i])
    end
  end
  looked = looked + #page
end
return {0, from + looked}
