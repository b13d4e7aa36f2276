-- What cmake/bullmq_scripts.cmake makes of a script of BullMQ, which is the body of `once`: given the keys of one call
-- it is the script itself; given those of many, one after the other, and then their arguments likewise, it answers the
-- list of their answers. Much of what a short script costs is to begin it. A call that fails leaves the others alone:
-- its answer is the error.
local rcall = redis.call
@FUNCTIONS@
local function once(KEYS, ARGV)
@BODY@
end

local keyCount = @KEY_COUNT@
if #KEYS == keyCount then return once(KEYS, ARGV) end

local calls = #KEYS / keyCount
local argumentCount = #ARGV / calls
local answers = {}
for call = 1, calls do
  local keys = {unpack(KEYS, (call - 1) * keyCount + 1, call * keyCount)}
  local arguments = {unpack(ARGV, (call - 1) * argumentCount + 1, call * argumentCount)}
  local succeeded, answer = pcall(once, keys, arguments)
  if not succeeded and type(answer) ~= "table" then answer = redis.error_reply(tostring(answer)) end
  if answer == nil then answer = false end -- a nil would be the end of the list
  answers[call] = answer
end
return answers
