-- ARGV: process, how long a silent process still counts (ms), topic, its sockets here, and again. Counts the viewers of
-- each show over all processes, tells of a changed count, and returns epoch and seq of each topic.
local heads, now = {}, now_ms()
for index = 3, #ARGV, 2 do
    local topic, presence = ARGV[index], key(ARGV[index], 'presence')
    local epoch, seq, is_seeded = open(topic)
    redis.call('HSET', presence, ARGV[1], string.format('%d %.0f', ARGV[index + 1], now))
    redis.call('PEXPIRE', presence, 2 * ARGV[2])
    local counted, total = redis.call('HGETALL', presence), 0
    for field = 1, #counted, 2 do
        local sockets, at = string.match(counted[field + 1], '(%d+) (%d+)')
        if now - at > tonumber(ARGV[2]) then
            redis.call('HDEL', presence, counted[field])
        else
            total = total + sockets
        end
    end
    if is_seeded and string.sub(topic, 1, 8) == 'session:'
        and tonumber(redis.call('HGET', key(topic, 'state'), 'viewers')) ~= total then
        seq = append(topic, epoch, seq, {string.format('{"type":"viewers","count":%d}', total)})
    end
    heads[#heads + 1], heads[#heads + 2] = epoch, seq
    keep(topic)
end
return heads
