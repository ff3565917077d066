-- ARGV: topic, epoch and seq read before the database was, and what was read, as JSON: {state: {field: JSON}, items:
-- {sku: JSON}, stock: [[sku, version, JSON]], chat: [JSON]}. What was published meanwhile is newer and stays.
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
local known, chat = {}, {}
for _, entry in ipairs(redis.call('XRANGE', key(topic, 'log'), '(' .. since .. '-0', '+')) do
    local event = cjson.decode(entry[2][2])
    if event.type == 'chat_removed' then known[event.id] = true end
end
local present = redis.call('LRANGE', key(topic, 'chat'), 0, -1)
for _, json in ipairs(present) do known[cjson.decode(json).id] = true end
for _, json in ipairs(read.chat) do
    if not known[cjson.decode(json).id] then chat[#chat + 1] = json end
end
for index = #chat, 1, -1 do redis.call('LPUSH', key(topic, 'chat'), chat[index]) end
redis.call('LTRIM', key(topic, 'chat'), -CHAT_MAX, -1)
redis.call('HSET', key(topic, 'head'), 'is_seeded', 1)
keep(topic)
return 1
