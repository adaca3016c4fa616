-- Which commands the user that was logged in may send; none of them is run.
-- ARGV: each command with its arguments, as a JSON list.
-- Returns for each 1 where it may be sent, 0 where it is refused, -1 where the server has none such.
local answers = {}
for i, text in ipairs(ARGV) do
  local known, permitted = pcall(redis.acl_check_cmd, unpack(cjson.decode(text)))
  answers[i] = not known and -1 or (permitted and 1 or 0)
end
return answers
