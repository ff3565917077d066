-- Refills and takes in one step, so that two processes can't both have the last token. ARGV: capacity, refill and cost
-- of each bucket. Returns 0, or after how many milliseconds each will have its cost; a refusal takes from none.
local time = redis.call('TIME')
local now, wait, tokens = time[1] * 1000 + math.floor(time[2] / 1000), 0, {}
for index, key in ipairs(KEYS) do
    local capacity, refill, cost = ARGV[3 * index - 2], ARGV[3 * index - 1], ARGV[3 * index]
    local bucket = redis.call('HMGET', key, 'tokens', 'at')
    local had, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
    tokens[index] = math.min(capacity, had + math.max(0, now - at) * refill / 1000)
    wait = math.max(wait, math.ceil((cost - tokens[index]) * 1000 / refill))
end
for index, key in ipairs(KEYS) do
    local capacity, refill, cost = ARGV[3 * index - 2], ARGV[3 * index - 1], ARGV[3 * index]
    local left = wait > 0 and tokens[index] or tokens[index] - cost
    redis.call('HSET', key, 'tokens', string.format('%.6f', left), 'at', string.format('%.0f', now))
    redis.call('PEXPIRE', key, math.ceil(capacity * 1000 / refill) + 1000)
end
return wait
