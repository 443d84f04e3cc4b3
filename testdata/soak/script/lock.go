//go:build unix

package script

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// locks are held until the process ends, however it ends.
var locks = sync.OnceValue(func() (l struct{ all, worker *os.File }) {
	l.all = lockFile("all")
	l.worker = lockFile("worker" + os.Getenv("COHORT_WORKER"))
	return l
})

// init takes the locks of a process: no other one may use this worker, and none
// may run while a serial test does.
func init() {
	if os.Getenv("SOAK_LOCKS") == "" {
		return // the go command that builds this, or a user
	}
	log("process", "start")
	for _, name := range []string{"COHORT_EXEC"} {
		if _, ok := os.LookupEnv(name); ok {
			log("violation", name+" is in the environment")
		}
	}
	worker, err1 := strconv.Atoi(os.Getenv("COHORT_WORKER"))
	workers, err2 := strconv.Atoi(os.Getenv("COHORT_WORKERS"))
	if err1 != nil || err2 != nil || worker < 0 || worker >= workers || os.Getenv("COHORT_RUN_ID") == "" {
		log("violation", "worker "+os.Getenv("COHORT_WORKER")+" of "+os.Getenv("COHORT_WORKERS"))
	}
	if err := lock(locks().worker, syscall.LOCK_EX); err != nil {
		log("violation", "two processes on worker "+os.Getenv("COHORT_WORKER"))
	}
	if err := lock(locks().all, syscall.LOCK_SH); err != nil {
		log("violation", "a process beside a serial one")
	}
}

// alone is what a serial test does.
func alone() {
	if err := lock(locks().all, syscall.LOCK_EX); err != nil {
		log("violation", "a serial test beside another process")
	}
}

// held are the files of the locks that tests of this process have taken.
var held struct {
	mu    sync.Mutex
	files map[string]*os.File
}

// hold takes a lock that a test has by a directive. As cohort has it, the process keeps it to its
// end: a test that comes later in another process must not find it taken.
func hold(name string) {
	held.mu.Lock()
	defer held.mu.Unlock()
	if held.files[name] != nil {
		return
	}
	if held.files == nil {
		held.files = make(map[string]*os.File)
	}
	held.files[name] = lockFile("lock-" + name)
	if err := lock(held.files[name], syscall.LOCK_EX); err != nil {
		log("violation", "two processes hold "+name)
	}
}

func lock(f *os.File, how int) error {
	return syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
}

func lockFile(name string) *os.File {
	f, err := os.OpenFile(filepath.Join(os.Getenv("SOAK_LOCKS"), name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}
