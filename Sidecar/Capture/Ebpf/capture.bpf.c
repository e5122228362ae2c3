// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Copies the TCP packets of a cgroup's sockets into a ring, by `scripts/bpf` compiled to capture.bpf.o. Runs on Linux 5.8 and later: it has
// the ring buffer and bpf_skb_cgroup_id for these programs. It lets every packet pass.
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PASS 1
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD

// Maps have room for two filters, because one replaces the other while packets come.

// What user space wants; KernelFilter.cs has the same.
struct settings {
	__u32 has_ports, has_included, has_excluded, has_cgroups;
	// User space is woken when this number of bytes waits; before it looks by itself.
	__u32 wake_at;
	__u32 padding;
};

// Networks of IPv6 do not contain IPv4, although its addresses are mapped; KernelNetwork.cs has the same.
struct prefix {
	__u32 length;
	__u32 is_v6;
	__u8 address[16];
};

// Both ends, the one with the lower port first; IPv4 addresses are mapped to IPv6. All network namespaces have the same loopback: only its
// connections are told apart by their namespace, because others can go from one to another. ConnectionKey.cs has the same.
struct key {
	__u64 network;
	__u64 low[2], high[2];
	__u16 low_port, high_port;
	__u32 padding;
};

// Whether the kernel tells the network namespace of a packet (Linux 6.15); user space sets it before the kernel checks the programs.
const volatile __u32 has_networks SEC(".rodata.networks") = 0;

enum state { OPEN, FRESH, IGNORED };

enum end { LOW, HIGH, UNKNOWN };

struct half {
	// The number of the first byte behind the SYN.
	__u32 first;
	__u8 has_first;
	__u8 is_syn_seen;
	// The program that sees this end's data; the other one sees it again if both ends are on this machine.
	__u8 seen_by;
	__u8 padding;
	// Of the socket at which it is seen.
	__u64 cgroup;
};

// IgnoredConnections.cs has the same.
struct connection {
	struct half low, high;
	__u8 state;
	__u8 server;
	__u16 padding;
	__u32 more_padding;
};

// A packet of the ring, behind the kernel's own header; RingPacket in EbpfSource.cs has the same.
struct record {
	// The cookie is that of a socket that connects, at its SYN; otherwise 0.
	__u64 time, cgroup, lost, cookie, network;
	__u32 length;
	__u8 is_egress, is_translated;
	__u16 padding;
	__u8 bytes[];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, __u16);
	__type(value, __u8);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

struct networks {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 2048);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u8);
} included SEC(".maps"), excluded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct key);
	__type(value, struct connection);
} connections SEC(".maps");

// Packets that found no room; user space reads it, and each record has it.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

// The process that connects a socket, by the socket's cookie; Connecting in ConnectingProcesses.cs has the same.
struct connecting {
	__u32 process;
	char command[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct connecting);
} connecting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024 * 1024);
} ring SEC(".maps");

struct packet {
	struct key key;
	enum end sender;
	__u32 tcp, payload, payload_length, sequence, acknowledgement;
	__u8 is_v6, syn, ack, ends;
	// The packet's addresses are those that the socket knows; else they were translated on their way.
	__u8 is_translated;
	// As the socket knows them.
	__u64 source[2], destination[2];
	__be16 source_port, destination_port;
};

static __always_inline void map_v4(__u64 *address, __be32 v4)
{
	__u32 *words = (__u32 *)address;

	address[0] = 0;
	words[2] = bpf_htonl(0xFFFF);
	words[3] = v4;
}

static __always_inline int read_v4(struct __sk_buff *skb, struct packet *p)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof ip) || ip.protocol != IPPROTO_TCP)
		return 0;
	map_v4(p->source, ip.saddr);
	map_v4(p->destination, ip.daddr);
	p->tcp = ip.ihl * 4;
	return 1;
}

static __always_inline int read_v6(struct __sk_buff *skb, struct packet *p)
{
	struct ipv6hdr ip;
	__u8 next, extension[2];
	int i;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof ip))
		return 0;
	__builtin_memcpy(p->source, &ip.saddr, 16);
	__builtin_memcpy(p->destination, &ip.daddr, 16);
	p->tcp = sizeof ip;
	next = ip.nexthdr;
	// A packet with more extension headers is not one of TCP that anybody sends.
	for (i = 0; i < 4 && next != IPPROTO_TCP; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			return 0;
		if (bpf_skb_load_bytes(skb, p->tcp, extension, sizeof extension))
			return 0;
		next = extension[0];
		p->tcp += (extension[1] + 1) * 8;
	}
	return next == IPPROTO_TCP;
}

// The socket's own view is the same in both directions. With NAT on this machine, packets out have the translated address, those in do not.
static __always_inline void read_socket(struct __sk_buff *skb, struct packet *p, int is_egress)
{
	struct bpf_sock *sk = skb->sk;
	__u64 own[2], peer[2];
	__be16 own_port, peer_port;

	if (!sk)
		return;
	sk = bpf_sk_fullsock(sk);
	// A listening socket has no peer.
	if (!sk || !(peer_port = *(volatile __u32 *)&sk->dst_port))
		return;
	// A socket that is closed with a reset has given its port back when the reset leaves.
	own_port = sk->src_port ? bpf_htons(sk->src_port) : is_egress ? p->source_port : p->destination_port;
	if (p->is_v6) {
		__u32 *words = (__u32 *)own;

		words[0] = sk->src_ip6[0], words[1] = sk->src_ip6[1], words[2] = sk->src_ip6[2], words[3] = sk->src_ip6[3];
		words = (__u32 *)peer;
		words[0] = sk->dst_ip6[0], words[1] = sk->dst_ip6[1], words[2] = sk->dst_ip6[2], words[3] = sk->dst_ip6[3];
	} else {
		map_v4(own, sk->src_ip4);
		map_v4(peer, sk->dst_ip4);
	}
	if (is_egress) {
		p->is_translated = p->source[0] != own[0] || p->source[1] != own[1] || p->source_port != own_port
			|| p->destination[0] != peer[0] || p->destination[1] != peer[1] || p->destination_port != peer_port;
		p->source[0] = own[0], p->source[1] = own[1], p->source_port = own_port;
		p->destination[0] = peer[0], p->destination[1] = peer[1], p->destination_port = peer_port;
	} else {
		p->is_translated = p->source[0] != peer[0] || p->source[1] != peer[1] || p->source_port != peer_port
			|| p->destination[0] != own[0] || p->destination[1] != own[1] || p->destination_port != own_port;
		p->source[0] = peer[0], p->source[1] = peer[1], p->source_port = peer_port;
		p->destination[0] = own[0], p->destination[1] = own[1], p->destination_port = own_port;
	}
}

static __always_inline int is_loopback(__u64 *address)
{
	__u32 *words = (__u32 *)address;

	if (address[0])
		return 0;
	return words[2] ? words[2] == bpf_htonl(0xFFFF) && (words[3] & bpf_htonl(0xFF000000)) == bpf_htonl(0x7F000000) : words[3] == bpf_htonl(1);
}

static __always_inline int source_is_low(struct packet *p)
{
	if (p->source_port != p->destination_port)
		return bpf_ntohs(p->source_port) < bpf_ntohs(p->destination_port);
	if (p->source[0] != p->destination[0])
		return p->source[0] < p->destination[0];
	return p->source[1] <= p->destination[1];
}

// False for what is not TCP, and for bare acknowledgements.
static __always_inline int read_packet(struct __sk_buff *skb, struct packet *p, int is_egress)
{
	struct tcphdr tcp;

	__builtin_memset(p, 0, sizeof *p);
	p->is_v6 = skb->protocol == bpf_htons(ETH_P_IPV6);
	if (p->is_v6 ? !read_v6(skb, p) : skb->protocol != bpf_htons(ETH_P_IP) || !read_v4(skb, p))
		return 0;
	if (bpf_skb_load_bytes(skb, p->tcp, &tcp, sizeof tcp))
		return 0;
	p->payload = p->tcp + tcp.doff * 4;
	p->payload_length = skb->len > p->payload ? skb->len - p->payload : 0;
	p->syn = tcp.syn;
	p->ack = tcp.ack;
	p->ends = tcp.fin || tcp.rst;
	if (!p->payload_length && !p->syn && !p->ends)
		return 0;
	p->sequence = bpf_ntohl(tcp.seq);
	p->acknowledgement = bpf_ntohl(tcp.ack_seq);
	p->source_port = tcp.source;
	p->destination_port = tcp.dest;
	read_socket(skb, p, is_egress);
	p->key.network = has_networks && (is_loopback(p->source) || is_loopback(p->destination)) ? bpf_get_netns_cookie(skb) : 0;
	p->sender = source_is_low(p) ? LOW : HIGH;
	if (p->sender == LOW) {
		p->key.low[0] = p->source[0], p->key.low[1] = p->source[1], p->key.low_port = bpf_ntohs(p->source_port);
		p->key.high[0] = p->destination[0], p->key.high[1] = p->destination[1], p->key.high_port = bpf_ntohs(p->destination_port);
	} else {
		p->key.low[0] = p->destination[0], p->key.low[1] = p->destination[1], p->key.low_port = bpf_ntohs(p->destination_port);
		p->key.high[0] = p->source[0], p->key.high[1] = p->source[1], p->key.high_port = bpf_ntohs(p->source_port);
	}
	return 1;
}

static __always_inline int admits_server(struct settings *wanted, __u64 *address, __u16 port)
{
	// The mapped addresses of IPv4 (RFC 4291, 2.5.5.2).
	struct prefix prefix = { .length = 160, .is_v6 = address[0] || (__u32)address[1] != bpf_htonl(0xFFFF) };

	if (wanted->has_ports && !bpf_map_lookup_elem(&ports, &port))
		return 0;
	if (!wanted->has_included && !wanted->has_excluded)
		return 1;
	__builtin_memcpy(prefix.address, address, 16);
	return (!wanted->has_included || bpf_map_lookup_elem(&included, &prefix))
		&& (!wanted->has_excluded || !bpf_map_lookup_elem(&excluded, &prefix));
}

// While it is unknown which end is the server, a packet passes if either could be.
static __always_inline int admits(struct settings *wanted, struct packet *p, enum end server)
{
	return (server != HIGH && admits_server(wanted, p->key.low, p->key.low_port))
		|| (server != LOW && admits_server(wanted, p->key.high, p->key.high_port));
}

// Cgroups count with those below them.
static __always_inline int admits_cgroup(struct __sk_buff *skb, __u64 id)
{
	int level;

	if (bpf_map_lookup_elem(&cgroups, &id))
		return 1;
	for (level = 0; level < 12; level++) {
		__u64 above = bpf_skb_ancestor_cgroup_id(skb, level);

		if (!above || above == id)
			return 0;
		if (bpf_map_lookup_elem(&cgroups, &above))
			return 1;
	}
	return 0;
}

// Characters of a method (RFC 9110, 5.6.2): a bit for each of the codes 0 to 63 and 64 to 127.
#define TOKEN_LOW 0x03FF6CFA00000000ULL
#define TOKEN_HIGH 0x57FFFFFFC7FFFFFEULL

// As ProtocolDetection.OfClient, which decides when the first segment is too short.
static __always_inline int may_be_request(__u8 *first, __u32 length)
{
	__u32 i, has_begun = 0;

	for (i = 0; i < 24; i++) {
		__u8 c = first[i];

		if (i >= length)
			return 1;
		if (!has_begun && (c == '\r' || c == '\n'))
			continue;
		if (c == ' ')
			return has_begun;
		has_begun = 1;
		if (c > 127 || !(((c < 64 ? TOKEN_LOW : TOKEN_HIGH) >> (c & 63)) & 1))
			return 0;
	}
	return 0;
}

// As ProtocolDetection.OfServer.
static __always_inline int may_be_answer(__u8 *first, __u32 length)
{
	static const char http1[7] = "HTTP/1.";
	__u32 i, fits = 1;

	for (i = 0; i < 7; i++)
		fits &= i >= length || first[i] == http1[i];
	if (fits)
		return 1;
	// The header of a frame SETTINGS (RFC 9113, 6.5): length, type 4, flags, stream 0.
	for (i = 0; i < 9; i++) {
		if (i < length && i != 1 && i != 2 && first[i] != (i == 3 ? 4 : 0))
			return 0;
	}
	return length < 3 || (first[1] << 8 | first[2]) % 6 == 0;
}

static __always_inline int may_be_http(struct __sk_buff *skb, struct packet *p, int is_server)
{
	__u8 first[24] = {};
	__u32 length = p->payload_length;

	if (length >= sizeof first) {
		if (bpf_skb_load_bytes(skb, p->payload, first, sizeof first))
			return 1;
		length = sizeof first;
	} else if (length == 0 || bpf_skb_load_bytes(skb, p->payload, first, length)) {
		return 1;
	}
	return is_server ? may_be_answer(first, length) : may_be_request(first, length);
}

static __always_inline struct half *sender_of(struct packet *p, struct connection *c)
{
	return p->sender == LOW ? &c->low : &c->high;
}

// Whether nothing is known of the packet's connection. A client can send any SYN; that of the server shows that a connection begins anew.
static __always_inline int is_new(struct packet *p, struct connection *c)
{
	struct half *sender;

	if (!c)
		return 1;
	sender = sender_of(p, c);
	return p->syn && p->ack && (sender->has_first ? sender->first != p->sequence + 1 : c->state == IGNORED);
}

static __always_inline void remember(struct packet *p, __u8 program, __u64 cgroup, int is_seen)
{
	struct half half = { .first = p->sequence + 1, .has_first = p->syn };
	struct connection begun = {
		.state = p->syn ? FRESH : OPEN,
		.server = !p->syn ? UNKNOWN : p->ack ? p->sender : !p->sender,
	};

	// A SYN says nothing of data: with NAT, or on its way out of a listening socket, it has not the socket's addresses.
	half.is_syn_seen = p->syn && is_seen;
	half.seen_by = p->syn ? 0 : program;
	half.cgroup = p->syn ? 0 : cgroup;
	*sender_of(p, &begun) = half;
	if (p->syn && p->ack) {
		struct half client = { .first = p->acknowledgement, .has_first = 1, .is_syn_seen = 1 };

		*(p->sender == LOW ? &begun.high : &begun.low) = client;
	}
	bpf_map_update_elem(&connections, &p->key, &begun, BPF_ANY);
}

// False if the packet is of an ignored connection, or was seen before.
static __always_inline int is_wanted(struct __sk_buff *skb, struct packet *p, struct connection *c, __u8 program, __u64 cgroup)
{
	struct half *sender = sender_of(p, c);

	// Of another connection, if the server answers it.
	if (p->syn && sender->has_first && sender->first != p->sequence + 1)
		return !p->ack;
	if (c->state == IGNORED)
		return 0;
	if (p->syn) {
		if (sender->is_syn_seen)
			return 0;
		sender->first = p->sequence + 1;
		sender->has_first = 1;
		sender->is_syn_seen = 1;
		return 1;
	}
	if (!sender->seen_by) {
		sender->seen_by = program;
		sender->cgroup = cgroup;
	} else if (sender->seen_by != program) {
		return 0;
	} else if (sender->cgroup != cgroup) {
		// A socket stays in its cgroup: these are two connections, in two network namespaces with the same addresses.
		c->state = IGNORED;
		return 0;
	}
	if (c->state == FRESH && p->payload_length && sender->has_first && sender->first == p->sequence) {
		// The side that sends first decides.
		c->state = may_be_http(skb, p, c->server == p->sender) ? OPEN : IGNORED;
		return c->state == OPEN;
	}
	return 1;
}

static __always_inline void restore_addresses(struct record *r, struct packet *p)
{
	__u32 tcp = p->tcp;

	if (p->is_v6) {
		__builtin_memcpy(r->bytes + 8, p->source, 16);
		__builtin_memcpy(r->bytes + 24, p->destination, 16);
	} else {
		__builtin_memcpy(r->bytes + 12, (__u32 *)p->source + 3, 4);
		__builtin_memcpy(r->bytes + 16, (__u32 *)p->destination + 3, 4);
	}
	// Behind many extension headers they stay as they are.
	if (tcp <= 120) {
		__builtin_memcpy(r->bytes + tcp, &p->source_port, 2);
		__builtin_memcpy(r->bytes + tcp + 2, &p->destination_port, 2);
	}
}

// The kernel must know the size of a record in advance, so there are sizes to choose from.
#define RESERVE(most) (length <= (most)) r = bpf_ringbuf_reserve(&ring, sizeof(struct record) + (most), 0)

static __always_inline void deliver(struct __sk_buff *skb, struct packet *p, struct settings *wanted, __u64 cgroup, int is_egress)
{
	__u32 zero = 0, length = skb->len;
	__u64 *missed = bpf_map_lookup_elem(&lost, &zero);
	struct record *r = 0;

	if (!missed || length < 40)
		return;
	// The length must stay in one register, so that the verifier knows its limit.
	asm volatile("" : "+r"(length));
	if RESERVE(128);
	else if RESERVE(256);
	else if RESERVE(512);
	else if RESERVE(1024);
	else if RESERVE(1536);
	else if RESERVE(3072);
	else if RESERVE(4608);
	else if RESERVE(9216);
	else if RESERVE(16384);
	else if RESERVE(24576);
	else if RESERVE(32768);
	else if RESERVE(49152);
	else if RESERVE(65536);
	// Segments of more than 64 KB exist only where gso_max_size was raised (BIG TCP).
	else if RESERVE(196608);
	else if RESERVE(524288);
	if (!r) {
		__sync_fetch_and_add(missed, 1);
		return;
	}
	r->time = bpf_ktime_get_ns();
	r->cgroup = cgroup;
	r->lost = *missed;
	r->network = p->key.network;
	r->cookie = is_egress && p->syn && !p->ack ? bpf_get_socket_cookie(skb) : 0;
	r->length = length;
	r->is_egress = is_egress;
	r->is_translated = p->is_translated;
	if (bpf_skb_load_bytes(skb, 0, r->bytes, length)) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return;
	}
	if (p->is_translated)
		restore_addresses(r, p);
	bpf_ringbuf_submit(r, bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < wanted->wake_at ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
}

static __noinline int capture(struct __sk_buff *skb, int is_egress)
{
	__u32 zero = 0;
	struct settings *wanted = bpf_map_lookup_elem(&settings, &zero);
	struct connection *c;
	struct packet p;
	enum end server;
	__u64 cgroup;
	__u8 program = is_egress ? 1 : 2;

	if (!wanted || !read_packet(skb, &p, is_egress))
		return PASS;
	c = bpf_map_lookup_elem(&connections, &p.key);
	if (c && c->state == IGNORED && !p.syn)
		return PASS;
	server = p.syn ? (p.ack ? p.sender : !p.sender) : c ? c->server : UNKNOWN;
	cgroup = bpf_skb_cgroup_id(skb);
	if (!admits(wanted, &p, server) || (wanted->has_cgroups && !admits_cgroup(skb, cgroup))) {
		// Or else later packets could not tell which end is the server.
		if (p.syn && (wanted->has_included || wanted->has_excluded) && is_new(&p, c))
			remember(&p, program, cgroup, 0);
		return PASS;
	}
	if (!is_new(&p, c)) {
		if (!is_wanted(skb, &p, c, program, cgroup))
			return PASS;
	} else if (p.syn || p.payload_length) {
		remember(&p, program, cgroup, 1);
	}
	deliver(skb, &p, wanted, cgroup, is_egress);
	return PASS;
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	return capture(skb, 1);
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	return capture(skb, 0);
}

// The process is known only while it makes the call; it can be gone before user space sees the first packet.
static __always_inline int note_process(struct bpf_sock_addr *call)
{
	struct connecting by = { .process = bpf_get_current_pid_tgid() >> 32 };
	__u64 cookie = bpf_get_socket_cookie(call);

	if (call->protocol == IPPROTO_TCP && !bpf_get_current_comm(by.command, sizeof by.command))
		bpf_map_update_elem(&connecting, &cookie, &by, BPF_ANY);
	return PASS;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *call)
{
	return note_process(call);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *call)
{
	return note_process(call);
}

char terms[] SEC("license") = "Dual MIT/GPL";
