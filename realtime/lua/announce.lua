-- ARGV: event as JSON. Tells everyone: appends it to the log of every topic that is known. Returns how many there were.
local told = 0
for _, topic in ipairs(redis.call('SMEMBERS', ROOT .. 'topics')) do
    if redis.call('EXISTS', key(topic, 'head')) == 1 then
        local epoch, seq = open(topic)
        append(topic, epoch, seq, {ARGV[1]})
        told = told + 1
    else
        redis.call('SREM', ROOT .. 'topics', topic)
    end
end
return told
