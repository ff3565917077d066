-- ARGV: process, how long a silent process still counts (ms), then of each topic its name, its viewers' sockets here, how
-- many people they are if the show is on air (else 0), and the words of those who are new, parted by spaces.
-- Counts the viewers of each show over all processes, tells of a changed count, adds up for how long people watched, and
-- returns epoch and seq of each topic.
local heads, now, ttl = {}, now_ms(), tonumber(ARGV[2])

-- Add the time since this process's last beat, for each of its people. A beat that is sent again adds what has passed
-- since the first one, and a process that was silent for too long adds nothing: its people may have been gone.
local function watched(topic, people, newcomers, last_ms)
    local audience, uniques = key(topic, 'audience'), key(topic, 'uniques')
    redis.call('HSETNX', audience, 'life', string.format('%.0f', now))
    if last_ms and now - last_ms <= ttl then
        redis.call('HINCRBY', audience, 'watched_ms', string.format('%.0f', people * (now - last_ms)))
    end
    for word in string.gmatch(newcomers, '%S+') do redis.call('PFADD', uniques, word) end
    redis.call('EXPIRE', audience, KEEP_S)
    redis.call('EXPIRE', uniques, KEEP_S)
end

for index = 3, #ARGV, 4 do
    local topic, presence = ARGV[index], key(ARGV[index], 'presence')
    local epoch, seq, is_seeded = open(topic)
    local last = redis.call('HGET', presence, ARGV[1])
    redis.call('HSET', presence, ARGV[1], string.format('%d %.0f', ARGV[index + 1], now))
    redis.call('PEXPIRE', presence, 2 * ttl)
    local counted, total = redis.call('HGETALL', presence), 0
    for field = 1, #counted, 2 do
        local sockets, at = string.match(counted[field + 1], '(%d+) (%d+)')
        if now - at > ttl then
            redis.call('HDEL', presence, counted[field])
        else
            total = total + sockets
        end
    end
    if is_seeded and string.sub(topic, 1, 8) == 'session:'
        and tonumber(redis.call('HGET', key(topic, 'state'), 'viewers')) ~= total then
        seq = append(topic, epoch, seq, {string.format('{"type":"viewers","count":%d}', total)})
    end
    if tonumber(ARGV[index + 2]) > 0 then
        watched(topic, tonumber(ARGV[index + 2]), ARGV[index + 3], last and tonumber(string.match(last, ' (%d+)')))
    end
    heads[#heads + 1], heads[#heads + 2] = epoch, seq
    keep(topic)
end
return heads
