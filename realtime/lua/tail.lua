-- ARGV: topic, seq. Returns epoch, the head's seq, and the log's entries after the seq.
local epoch, head = open(ARGV[1])
return {epoch, head, redis.call('XRANGE', key(ARGV[1], 'log'), '(' .. ARGV[2] .. '-0', '+')}
