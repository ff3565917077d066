-- ARGV: topic, "log" or "". Returns epoch, seq, whether seeded, state, items and availability of the run list, chat,
-- the log, announcements and the word for the host, all of one instant.
local topic = ARGV[1]
local epoch, seq, is_seeded = open(topic)
local items, stock = {}, {}
for _, sku in ipairs(list_of(redis.call('HGET', key(topic, 'state'), 'run_list'))) do
    items[#items + 1] = redis.call('HGET', key(topic, 'items'), sku)
    stock[#stock + 1] = redis.call('HGET', ROOT .. 'availability', sku)
end
return {
    epoch, seq, is_seeded and 1 or 0, redis.call('HGETALL', key(topic, 'state')), items, stock,
    redis.call('LRANGE', key(topic, 'chat'), 0, -1), ARGV[2] == 'log' and redis.call('XRANGE', key(topic, 'log'), '-', '+') or {},
    redis.call('LRANGE', key(topic, 'announcements'), 0, -1), redis.call('HGET', key(topic, 'head'), 'host') or '',
}
