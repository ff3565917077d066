-- ARGV: topic, epoch and seq read before the database was, and what was read, as JSON: {state: {field: JSON}, items:
-- {sku: JSON}, stock: [[sku, version, JSON]], chat: [JSON], announcements: [JSON], host: word}. What was published meanwhile is newer and stays.
-- Returns 1, or 0 if the epoch changed: read again.
local topic, since = ARGV[1], ARGV[3]
local epoch, _, is_seeded = open(topic)
if epoch ~= ARGV[2] then return 0 end
if is_seeded then return 1 end
local read = cjson.decode(ARGV[4])
for field, json in pairs(read.state) do redis.call('HSETNX', key(topic, 'state'), field, json) end
for sku, json in pairs(read.items) do redis.call('HSETNX', key(topic, 'items'), sku, json) end
for _, one in ipairs(read.stock) do set_availability(one[1], tonumber(one[2]), one[3]) end
for _, sku in ipairs(list_of(redis.call('HGET', key(topic, 'state'), 'run_list'))) do
    redis.call('SADD', ROOT .. 'shows:' .. sku, topic)
end
-- Put what was read before what was published meanwhile, without what was removed or is there already.
local gone = {}
for _, entry in ipairs(redis.call('XRANGE', key(topic, 'log'), '(' .. since .. '-0', '+')) do
    local event = cjson.decode(entry[2][2])
    if event.type == 'chat_removed' or event.type == 'announcement_ended' then gone[event.id] = true end
end
for _, name in ipairs({'chat', 'announcements'}) do
    for index = #read[name], 1, -1 do
        local json = read[name][index]
        local id = cjson.decode(json).id
        if not gone[id] and not find(topic, name, id) then redis.call('LPUSH', key(topic, name), json) end
    end
end
redis.call('LTRIM', key(topic, 'chat'), -CHAT_MAX, -1)
redis.call('HSET', key(topic, 'head'), 'is_seeded', 1, 'host', read.host)
keep(topic)
return 1
