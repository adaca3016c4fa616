-- Remove consumers that hold nothing and have been idle for long, but for the one of each group that
-- was active last. In one step: removing a consumer drops what it holds.
-- KEYS: the results.  ARGV: milliseconds, most consumers to remove.
-- Returns how many were removed.
local stream, idle, left = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local function fields_of(info)
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  return fields
end
if redis.call('EXISTS', stream) == 0 then return 0 end
local removed = 0
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local name = fields_of(group)['name']
  local consumers, latest = {}, nil
  for i, info in ipairs(redis.call('XINFO', 'CONSUMERS', stream, name)) do
    consumers[i] = fields_of(info)
    if not latest or consumers[i]['idle'] < latest['idle'] then latest = consumers[i] end
  end
  for _, one in ipairs(consumers) do
    if removed < left and one ~= latest and one['pending'] == 0 and one['idle'] >= idle then
      redis.call('XGROUP', 'DELCONSUMER', stream, name, one['name'])
      removed = removed + 1
    end
  end
end
return removed
