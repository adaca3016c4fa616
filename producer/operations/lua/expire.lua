-- Remove these groups as far as they are abandoned: no consumer of theirs has asked for so long, and
-- a result has waited for them for as long. (Redis 7.0 counts as asking only what was answered.)
-- KEYS: the results.  ARGV: milliseconds, then the names.
-- Returns the names of those removed. A group that no consumer has read by has no age, and stays.
local stream, limit, removed = KEYS[1], tonumber(ARGV[1]), {}
if redis.call('EXISTS', stream) == 0 then return removed end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local function fields_of(info)
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  return fields
end
local function waited(id)
  return id and now - tonumber(id:match('^%d+')) or -1
end
local named = {}
for i = 2, #ARGV do named[ARGV[i]] = true end
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local group = fields_of(info)
  local name, idle = group['name'], nil
  if named[name] then
    for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, name)) do
      idle = math.min(idle or math.huge, fields_of(consumer)['idle'])
    end
  end
  if idle and idle >= limit then
    local pending = redis.call('XPENDING', stream, name)[2]
    local unread = redis.call('XRANGE', stream, '(' .. group['last-delivered-id'], '+', 'COUNT', 1)[1]
    if waited(pending) >= limit or waited(unread and unread[1]) >= limit then
      redis.call('XGROUP', 'DESTROY', stream, name)
      removed[#removed + 1] = name
    end
  end
end
return removed
