-- What a hotline asks when the phone rings, as wrk's script: two of five look-ups are by external id, the others by
-- phone number, of the customers that api_firm.py makes. COOKIE is the session's cookie, CUSTOMERS how many there are.
local cookie = os.getenv("COOKIE")
local customers = tonumber(os.getenv("CUSTOMERS") or "1000000")
math.randomseed(tonumber(os.getenv("SEED") or "1"))

request = function()
    local number = math.random(0, customers - 1)
    local identity = string.format("C%08d", number)
    if math.random() < 0.6 then
        identity = string.format("13%09d", number * 387420489 % 1000000000)
    end
    return wrk.format("GET", "/api/v1/customers/lookup?identity=" .. identity, { ["Cookie"] = cookie })
end

done = function(summary) print("not 200: " .. summary.errors.status) end
