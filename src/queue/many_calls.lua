-- What cmake/bullmq_scripts.cmake makes of a script of BullMQ, which is the body of `once`: it runs it for many calls,
-- and answers the list of their answers. Much of what a short script costs is to begin it. KEYS and ARGV are those of
-- the first call, then those of the others that are not the first one's, and at last, in MessagePack, the number of calls
-- and the positions of such keys and of such arguments. A call that fails leaves the others alone: its answer is the
-- error.
local rcall = redis.call

-- What `ask` answers about `key` in this place of the script is the same for all calls, unless one forgets it.
local memory = {}
local function remembered(place, key, ask, ...)
  local answers = memory[place]
  if not answers then
    answers = {}
    memory[place] = answers
  end
  local answer = answers[key]
  if answer == nil then
    answer = ask(...)
    answers[key] = answer
  end
  return answer
end
local function forget(key)
  for _, answers in pairs(memory) do answers[key] = nil end
end

@FUNCTIONS@
local function once(KEYS, ARGV)
@BODY@
end

local calls, ownKeys, ownArguments = unpack(cmsgpack.unpack(table.remove(ARGV)))
local nextKey = @KEY_COUNT@
local nextArgument = #ARGV - (calls - 1) * #ownArguments
local keys = {unpack(KEYS, 1, nextKey)}
local arguments = {unpack(ARGV, 1, nextArgument)}
local answers = {}
for call = 1, calls do
  if call > 1 then
    for _, position in ipairs(ownKeys) do
      nextKey = nextKey + 1
      keys[position] = KEYS[nextKey]
    end
    for _, position in ipairs(ownArguments) do
      nextArgument = nextArgument + 1
      arguments[position] = ARGV[nextArgument]
    end
  end
  local succeeded, answer = pcall(once, keys, arguments)
  if not succeeded and type(answer) ~= "table" then answer = redis.error_reply(tostring(answer)) end
  if answer == nil then answer = false end -- a nil would be the end of the list
  answers[call] = answer
end
return answers
