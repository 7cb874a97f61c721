/* Power cuts at every place: files are made, changed, renamed and removed on a disk that keeps a list of its writes.
 * Each state that the disk could be in when the power fails, with writes behind the last flush there or not, is
 *   - repaired by e2fsck, which may find nothing worse than what has no name and counts that are wrong, and must then
 *     hold every file that was synced, whole; and
 *   - mounted as it is, without e2fsck: the synced files are whole, and stay so while others are written.
 * usage: crash SEED CUTS WORKFILE */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "host.h"

extern int printf(const char *format, ...);
extern void *malloc(size_t bytes);
extern void *realloc(void *p, size_t bytes);
extern void free(void *p);
extern void exit(int status) NORETURN;
extern int system(const char *command);
extern int snprintf(char *out, size_t size, const char *format, ...);
typedef struct _IO_FILE FILE;
extern FILE *fopen(const char *path, const char *mode);
extern size_t fwrite(const void *data, size_t size, size_t count, FILE *file);
extern size_t fread(void *data, size_t size, size_t count, FILE *file);
extern int fclose(FILE *file);

static uint32_t random_state;
static uint32_t pick(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % limit;
}

static void fail(const char *what, const char *path, int error) {
    printf("FAIL: %s: %s (%s)\n", what, path, errno_text(error));
    exit(1);
}

/* --- the disk --- */
#define DISK_BYTES MB(3)
static uint8_t medium[DISK_BYTES];
struct write {
    uint32_t sector;
    uint32_t flushes; /* before it */
    uint8_t data[BLOCK_SECTOR];
};
static struct write *writes;
static size_t write_count, write_room;
static uint32_t flush_count;
static bool recording;

static int disk_read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer) {
    (void)disk;
    memcpy(buffer, medium + sector * BLOCK_SECTOR, (size_t)count * BLOCK_SECTOR);
    return 0;
}
static int disk_write(block_device_t *disk, uint64_t sector, uint32_t count, const void *buffer) {
    (void)disk;
    memcpy(medium + sector * BLOCK_SECTOR, buffer, (size_t)count * BLOCK_SECTOR);
    for (uint32_t i = 0; i < count && recording; i++) {
        if (write_count == write_room)
            writes = realloc(writes, (write_room = write_room ? write_room * 2 : 4096) * sizeof *writes);
        writes[write_count] = (struct write){.sector = (uint32_t)sector + i, .flushes = flush_count};
        memcpy(writes[write_count++].data, (const uint8_t *)buffer + (size_t)i * BLOCK_SECTOR, BLOCK_SECTOR);
    }
    return 0;
}
static int disk_flush(block_device_t *disk) {
    (void)disk;
    flush_count++;
    return 0;
}
static const struct block_ops ops = {disk_read, disk_write, disk_flush};
static block_device_t disk = {.name = "vda", .sectors = DISK_BYTES / BLOCK_SECTOR, .ops = &ops};

/* --- the files, and what is known of them --- */
#define FILES 24
#define SLOTS 3 /* directories: /, /a, /a/b */
static const char *const directories[SLOTS] = {"/mnt", "/mnt/a", "/mnt/a/b"};
struct file {
    bool there;
    uint32_t seed, size;
};
static struct file now[FILES];
static void path_of(uint32_t f, char *out) {
    snprintf(out, 64, "%s/file-with-a-name-%u", directories[f % SLOTS], f);
}

/* What happened, in the order of the disk's writes: a file was touched, or all was synced. */
struct event {
    size_t at; /* writes before it */
    int file;  /* -1: synced, with the state below */
    struct file state[FILES];
};
static struct event events[4096];
static size_t event_count;

static void note(int file) {
    struct event *e = &events[event_count++];
    e->at = write_count;
    e->file = file;
    memcpy(e->state, now, sizeof now);
}

static uint8_t byte_at(uint32_t seed, uint32_t i) {
    return (uint8_t)((seed * 2654435761u + i * 40503u) >> 7);
}

static void write_file(uint32_t f) {
    static uint8_t data[40000];
    char path[64];
    path_of(f, path);
    note((int)f);
    struct file made = {true, pick(1u << 30), pick(8) ? pick(6000) : pick(sizeof data)};
    for (uint32_t i = 0; i < made.size; i++)
        data[i] = byte_at(made.seed, i);
    int fd = vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int64_t n = fd < 0 ? fd : vfs_write(fd, data, made.size);
    if (n != (int64_t)made.size && n != -ENOSPC && n < 0)
        fail("write", path, (int)n);
    vfs_close(fd);
    made.size = n > 0 ? (uint32_t)n : 0;
    now[f] = made;
}

static void remove_file(uint32_t f) {
    char path[64];
    path_of(f, path);
    note((int)f);
    int result = vfs_unlink(path);
    if (result != (now[f].there ? 0 : -ENOENT))
        fail("unlink", path, result);
    now[f].there = false;
}

static void rename_file(uint32_t from, uint32_t to) {
    char old[64], new[64];
    path_of(from, old);
    path_of(to, new);
    note((int)from);
    note((int)to);
    int result = vfs_rename(old, new);
    if (result != (now[from].there ? 0 : -ENOENT))
        fail("rename", old, result);
    if (now[from].there && from != to) {
        now[to] = now[from];
        now[from].there = false;
    }
}

/* Things that leave no trace in the model, but in the bitmaps. */
static void stir(void) {
    int result = vfs_mkdir("/mnt/a/scratch", 0755);
    if (result == 0)
        result = vfs_symlink("somewhere", "/mnt/a/scratch/l");
    if (result == 0)
        result = vfs_rename("/mnt/a/scratch", "/mnt/a/b/moved");
    if (result == 0)
        result = vfs_unlink("/mnt/a/b/moved/l");
    if (result == 0)
        result = vfs_rmdir("/mnt/a/b/moved");
    if (result)
        fail("stir", "scratch", result);
}

static void work(unsigned steps) {
    for (unsigned i = 0; i < steps; i++) {
        switch (pick(10)) {
        case 0: remove_file(pick(FILES)); break;
        case 1:
        case 2: rename_file(pick(FILES), pick(FILES)); break;
        case 3: stir(); break;
        case 4:
            if (vfs_sync())
                fail("sync", "", 0);
            note(-1);
            break;
        default: write_file(pick(FILES));
        }
    }
}

/* --- after the power cut --- */
static bool is_whole(uint32_t f, const struct file *wanted) {
    static uint8_t data[40001];
    char path[64];
    path_of(f, path);
    int fd = vfs_open(path, O_RDONLY, 0);
    if (fd < 0)
        return !wanted->there && fd == -ENOENT;
    int64_t n = vfs_read(fd, data, sizeof data);
    vfs_close(fd);
    bool same = wanted->there && n == wanted->size;
    for (uint32_t i = 0; same && i < wanted->size; i++)
        same = data[i] == byte_at(wanted->seed, i);
    return same;
}

/* The files that were synced before write `cut` and not touched since must be there, as they were. */
static void check(size_t cut, const char *when) {
    const struct event *synced = NULL;
    bool touched[FILES] = {false};
    for (size_t i = 0; i < event_count && events[i].at <= cut; i++) {
        if (events[i].file >= 0) {
            touched[events[i].file] = true;
        } else {
            synced = &events[i];
            memset(touched, 0, sizeof touched);
        }
    }
    for (uint32_t f = 0; synced && f < FILES; f++)
        if (!touched[f] && !is_whole(f, &synced->state[f])) {
            char path[64];
            path_of(f, path);
            printf("cut before write %zu of %zu, %s\n", cut, write_count, when);
            fail("a synced file is not whole", path, 0);
        }
}

/* All writes up to the last flush before `cut`, and any of those behind it. */
static void cut_power(const uint8_t *start, size_t cut) {
    memcpy(medium, start, sizeof medium);
    uint32_t flushes = cut < write_count ? writes[cut].flushes : flush_count;
    for (size_t i = 0; i < cut; i++)
        if (writes[i].flushes < flushes || pick(2))
            memcpy(medium + (size_t)writes[i].sector * BLOCK_SECTOR, writes[i].data, BLOCK_SECTOR);
}

static int check_disk(const char *file, const char *how) {
    char command[512];
    FILE *f = fopen(file, "wb");
    if (!f || fwrite(medium, 1, sizeof medium, f) != sizeof medium || fclose(f))
        fail("cannot write", file, 0);
    snprintf(command, sizeof command, "e2fsck %s %s > %s.log 2>&1", how, file, file);
    int status = system(command) >> 8;
    f = fopen(file, "rb");
    if (!f || fread(medium, 1, sizeof medium, f) != sizeof medium || fclose(f))
        fail("cannot read", file, 0);
    return status;
}

/* Blocks in two files, names without a file, files without blocks: nothing of it may be there after a power cut, but
 * for names in a directory that has no name itself yet (e2fsck shows three question marks in place of its path). */
static void check_report(const char *file, size_t cut) {
    char command[512];
    snprintf(command, sizeof command,
             "grep -iE 'multiply|duplicate|illegal|deleted/unused|corrupted|invalid|missing|bad ' %s.log | grep -vF '?" "?" "?'", file);
    if (system(command) == 0) {
        printf("cut before write %zu of %zu\n", cut, write_count);
        fail("e2fsck finds more than it should", file, 0);
    }
}

static void mount(void) {
    int result = vfs_mount("vda", "/mnt", "ext2", 0);
    if (result)
        fail("mount", "vda", result);
}
static void unmount(void) {
    int result = vfs_umount("/mnt");
    if (result)
        fail("umount", "vda", result);
}

/* Others are written, with all the room that seems to be free. */
static void go_on(void) {
    static const uint8_t junk[3000] = {0xEE};
    for (int i = 0; i < 200; i++) {
        char path[64];
        snprintf(path, sizeof path, "/mnt/junk%d", i);
        int fd = vfs_open(path, O_WRONLY | O_CREAT, 0644);
        if (fd < 0 || vfs_write(fd, junk, sizeof junk) < 0)
            i = 200;
        vfs_close(fd);
    }
    for (int i = 0; i < 200; i++) {
        char path[64];
        snprintf(path, sizeof path, "/mnt/junk%d", i);
        vfs_unlink(path);
    }
}

static void try_cut(const uint8_t *start, size_t cut, const char *file) {
    cut_power(start, cut);
    uint8_t *state = malloc(sizeof medium);
    memcpy(state, medium, sizeof medium);
    mount();
    check(cut, "mounted without repair");
    go_on();
    check(cut, "mounted without repair, then written to");
    unmount();
    int status = check_disk(file, "-fy");
    if (status > 2)
        fail("e2fsck after going on cannot repair", file, 0);
    check_report(file, cut);
    mount();
    check(cut, "written to, then repaired");
    unmount();
    memcpy(medium, state, sizeof medium);
    free(state);
    status = check_disk(file, "-fy");
    check_report(file, cut);
    if (status > 2 || check_disk(file, "-fn"))
        fail("e2fsck cannot repair", file, 0);
    mount();
    check(cut, "repaired");
    unmount();
    if (check_disk(file, "-fn"))
        fail("not clean after being mounted", file, 0);
}

static uint32_t number(const char *text) {
    uint64_t n;
    return parse_u64(text, &n) ? (uint32_t)n : 0;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    random_state = number(argv[1]) * 2654435761u + 1;
    host_start();
    if (block_register(&disk) || ext2_format(&disk, "cut"))
        fail("format", "vda", 0);
    mount();
    if (vfs_mkdir("/mnt/a", 0755) || vfs_mkdir("/mnt/a/b", 0755))
        fail("mkdir", "/mnt/a", 0);
    work(40);
    vfs_sync();
    uint8_t *start = malloc(sizeof medium);
    memcpy(start, medium, sizeof medium);
    event_count = 0;
    recording = true;
    note(-1);
    work(120);
    recording = false;
    unmount();
    if (check_disk(argv[3], "-fn"))
        fail("not clean after all", argv[3], 0);
    uint32_t cuts = number(argv[2]);
    for (uint32_t i = 0; i < cuts; i++)
        try_cut(start, cuts >= write_count ? i % (write_count + 1) : pick((uint32_t)write_count + 1), argv[3]);
    free(start);
    free(writes);
    printf("%u cuts in %zu writes of %zu files' changes\n", cuts, write_count, event_count);
    return 0;
}
