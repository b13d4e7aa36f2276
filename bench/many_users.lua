-- For wrk: each request with the next of the tokens that are its arguments, as of many users at once.
local requests = {}
local last = 0

function init(tokens)
  for i, token in ipairs(tokens) do
    requests[i] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
