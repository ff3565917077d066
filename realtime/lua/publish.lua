-- ARGV: topic, field, expected, event as JSON... With a field, only if the state's value of it is still the expected
-- one. Returns the seq of the last event, or -1.
local topic = ARGV[1]
open(topic)
if ARGV[2] ~= '' and redis.call('HGET', key(topic, 'state'), ARGV[2]) ~= ARGV[3] then return -1 end
local events = {}
for index = 4, #ARGV do
    local json = ARGV[index]
    local event = cjson.decode(json)
    if event.type == 'availability' then
        -- The number may have been overtaken since it was read, while this show did not have the SKU yet.
        set_availability(event.sku, event.version, json)
        json = string.match(redis.call('HGET', ROOT .. 'availability', event.sku), '^%d+ (.*)$')
    end
    events[#events + 1] = json
end
local epoch, seq = open(topic)
return append(topic, epoch, seq, events)
