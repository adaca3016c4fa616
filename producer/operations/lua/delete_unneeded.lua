-- Shared by scripts that delete results: which results some consumer group still needs.

-- Whether stream id a is greater than b, both in two parts. Compared as text: Lua's numbers are
-- doubles, which do not hold 64 bits.
local function greater(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end
local function after(a_time, a_number, b_time, b_number)
  if a_time ~= b_time then return greater(a_time, b_time) end
  return greater(a_number, b_number)
end

local function groups_of(stream)
  local groups = {}
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local fields = {}
    for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
    local last = fields['last-delivered-id']
    local time, number = last:match('^(%d+)%-(%d+)$')
    groups[#groups + 1] = {
      name = fields['name'], last = last, time = time, number = number, pending = fields['pending'],
    }
  end
  return groups
end

-- Delete those of these results that every group has acknowledged. Without any group nobody has.
-- `acknowledged` names a group that has none of them pending. Returns how many are deleted.
local function delete_unneeded(stream, groups, ids, acknowledged)
  if #groups == 0 then return 0 end
  local deleted, unneeded = 0, {}
  for place, id in ipairs(ids) do
    local time, number = id:match('^(%d+)%-(%d+)$')
    local needed = time == nil
    for _, group in ipairs(groups) do
      if needed then break end
      needed = after(time, number, group.time, group.number)
        or (group.pending > 0 and group.name ~= acknowledged
          and #redis.call('XPENDING', stream, group.name, id, id, 1) == 1)
    end
    if not needed then unneeded[#unneeded + 1] = id end
    if #unneeded == 1000 or (place == #ids and #unneeded > 0) then
      deleted = deleted + redis.call('XDEL', stream, unpack(unneeded))
      unneeded = {}
    end
  end
  return deleted
end
