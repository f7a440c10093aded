/* A server that costs nearly nothing: static answers over keep-alive connections, one thread, epoll.
 *
 * usage: stand_in LATENCY_MS        listens on a free port of 127.0.0.1 and prints it; ends with its stdin
 *
 * POST .../token answers a token, any other POST a 201 of about 600 bytes after LATENCY_MS, GET /counts what was
 * counted since the GET before it: connections accepted, POSTs other than for tokens, and when the first one came.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096, ROOM = 65536, EVENTS = 256 };

struct client { char in[ROOM]; size_t filled; unsigned life; };
struct later { double at; int fd; unsigned life; };

static struct client *clients[MOST];
static struct later queue[MOST * 4]; /* one latency for all: first in, first out */
static unsigned head, tail, lives;
static double latency_s, first_at;
static long connections, requests;
static char created[1024], token[512];

static double now_s(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void compose(char *into, size_t room, const char *status, const char *body) {
    snprintf(into, room, "HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n"
             "Connection: keep-alive\r\n\r\n%s", status, strlen(body), body);
}

static void drop(int fd) {
    close(fd);
    free(clients[fd]);
    clients[fd] = NULL;
}

static void say(int fd, const char *text) {
    size_t length = strlen(text);
    if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length) drop(fd);
}

static void answer(int fd, const char *request) {
    char body[128], counts[512];
    if (strncmp(request, "POST ", 5) == 0) {
        const char *end = strchr(request + 5, ' ');
        if (end != NULL && end - request >= 11 && strncmp(end - 6, "/token", 6) == 0) { say(fd, token); return; }
        if (requests++ == 0) first_at = now_s();
        if (latency_s <= 0) { say(fd, created); return; }
        queue[tail++ % (MOST * 4)] = (struct later){now_s() + latency_s, fd, clients[fd]->life};
        return;
    }
    snprintf(body, sizeof body, "{\"connections\": %ld, \"requests\": %ld, \"first_at\": %.4f}", connections, requests,
             first_at);
    connections = requests = 0;
    compose(counts, sizeof counts, "200 OK", body);
    say(fd, counts);
}

/* The length of the first whole request in the buffer, 0 if it is not whole. */
static size_t whole(struct client *client) {
    client->in[client->filled] = 0;
    char *end = strstr(client->in, "\r\n\r\n");
    if (end == NULL) return 0;
    size_t length = (size_t)(end - client->in) + 4;
    *end = 0;
    char *named = strcasestr(client->in, "\ncontent-length:");
    *end = '\r';
    if (named != NULL) length += strtoul(named + 16, NULL, 10);
    return length <= client->filled ? length : 0;
}

static void hear(int fd) {
    struct client *client = clients[fd];
    ssize_t got = recv(fd, client->in + client->filled, ROOM - 1 - client->filled, 0);
    if (got <= 0) { drop(fd); return; }
    client->filled += (size_t)got;
    size_t length;
    while ((length = whole(client)) > 0) {
        answer(fd, client->in);
        if (clients[fd] == NULL) return;
        memmove(client->in, client->in + length, client->filled - length);
        client->filled -= length;
    }
    if (client->filled >= ROOM - 1) drop(fd);
}

static void let_in(int listener, int poll) {
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= MOST) { close(fd); return; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    clients[fd] = calloc(1, sizeof *clients[fd]);
    clients[fd]->life = ++lives;
    connections++;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

static int wait_ms(void) {
    if (head == tail) return -1;
    double left = queue[head % (MOST * 4)].at - now_s();
    return left <= 0 ? 0 : (int)(left * 1000.0) + 1;
}

static void say_what_is_due(void) {
    double now = now_s();
    while (head != tail && queue[head % (MOST * 4)].at <= now) {
        struct later due = queue[head++ % (MOST * 4)];
        if (clients[due.fd] != NULL && clients[due.fd]->life == due.life) say(due.fd, created);
    }
}

int main(int count, char **values) {
    latency_s = count > 1 ? atof(values[1]) / 1000.0 : 0.0;
    compose(token, sizeof token, "200 OK",
            "{\"access_token\": \"stand-in\", \"token_type\": \"Bearer\", \"expires_in\": 3600}");
    compose(created, sizeof created, "201 Created",
            "{\"data\":{\"id\":\"3f0c6a52-9a1e-4f0f-8c55-1f6f3f6f3a10\",\"role\":\"student\",\"beginDate\":"
            "\"2026-09-01T00:00:00.000Z\",\"endDate\":null,\"metadata\":{\"goals\":{},\"metrics\":{}},\"course\":"
            "{\"id\":\"course-17\",\"title\":\"Mathematics 7\",\"metadata\":{\"courseType\":\"base\",\"isSupplemental\":"
            "false},\"primaryOrg\":{\"id\":\"0042\",\"name\":\"A school\"}},\"school\":{\"id\":\"0042\",\"name\":"
            "\"A school\"},\"class\":{\"id\":\"8f1d1c6e-0d4b-4c39-9a39-6a4e7c1f2b3a\",\"title\":\"Mathematics 7\"}}}");
    int poll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    if (bind(listener, (struct sockaddr *)&at, length) != 0 || listen(listener, 1024) != 0) return perror("bind"), 1;
    getsockname(listener, (struct sockaddr *)&at, &length);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event){.events = EPOLLIN, .data.fd = STDIN_FILENO});
    for (;;) {
        struct epoll_event events[EVENTS];
        int seen = epoll_wait(poll, events, EVENTS, wait_ms());
        if (seen < 0 && errno != EINTR) return perror("epoll_wait"), 1;
        say_what_is_due();
        for (int nth = 0; nth < seen; nth++) {
            int fd = events[nth].data.fd;
            if (fd == STDIN_FILENO) return 0;
            if (fd == listener) let_in(listener, poll);
            else if (clients[fd] != NULL) hear(fd);
        }
    }
}
