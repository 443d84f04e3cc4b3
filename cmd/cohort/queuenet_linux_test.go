package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// network is machines that are network namespaces, and a switch between them, which is one too:
// their links can be slow, lossy or cut. They share files and processes with this machine.
type network struct {
	t     *testing.T
	name  string // begins the names of its namespaces
	hosts []*host
}

// host is a machine of a network.
type host struct {
	net  *network
	name string // of its namespace
	port string // of the switch
	addr string
	// loses are those whose packets get lost.
	loses []*host
}

// networkPrefix begins the names of all namespaces of these tests; the process that made one
// follows.
const networkPrefix = "cohort-queue-"

// newNetwork returns a network of so many machines, which is gone at the end of the test. The test
// is skipped where there can be none.
func newNetwork(t *testing.T, machines int) *network {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: MACHINES IN NETWORK NAMESPACES, SINCE ONLY ROOT CAN MAKE THEM")
	}
	n := &network{t: t, name: fmt.Sprintf("%s%d-%s", networkPrefix, os.Getpid(), strings.ToLower(rand.Text()[:6]))}
	for _, stale := range namespaces() {
		pid, _, _ := strings.Cut(strings.TrimPrefix(stale, networkPrefix), "-")
		if number, err := strconv.Atoi(pid); err == nil && errors.Is(syscall.Kill(number, 0), syscall.ESRCH) {
			_ = removeNamespace(stale) // of tests that were killed; another process may do so too
		}
	}
	t.Cleanup(n.remove)
	n.try("ip", "netns", "add", n.name+"-switch")
	n.try("ip", "-n", n.name+"-switch", "link", "add", "bridge0", "type", "bridge")
	n.try("ip", "-n", n.name+"-switch", "link", "set", "bridge0", "up")
	n.try("tc", "-n", n.name+"-switch", "qdisc", "replace", "dev", "bridge0", "root", "tbf", "rate", "1gbit", "burst", "100kb", "latency", "1ms")
	for i := range machines {
		n.add(i + 1)
	}
	return n
}

// namespaces are the names of those of these tests.
func namespaces() (all []string) {
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return nil // newNetwork finds out why
	}
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, networkPrefix) {
			all = append(all, word)
		}
	}
	return all
}

// try runs ip or tc, and skips the test if that fails.
func (n *network) try(argv ...string) {
	n.t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		n.t.Skipf("NOT TESTED: MACHINES IN NETWORK NAMESPACES, SINCE %v FAILS HERE: %v, %s", argv, err, out)
	}
}

// do runs ip or tc, and ends the test if that fails.
func (n *network) do(argv ...string) {
	n.t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		n.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// add adds a machine.
func (n *network) add(number int) {
	n.t.Helper()
	h := &host{net: n, name: fmt.Sprint(n.name, "-", number), port: fmt.Sprint("port", number), addr: fmt.Sprint("10.9.0.", number)}
	n.hosts = append(n.hosts, h)
	n.do("ip", "netns", "add", h.name)
	n.do("ip", "-n", n.name+"-switch", "link", "add", h.port, "type", "veth", "peer", "name", "eth0", "netns", h.name)
	n.do("ip", "-n", n.name+"-switch", "link", "set", h.port, "master", "bridge0", "up")
	n.do("ip", "-n", h.name, "addr", "add", h.addr+"/24", "dev", "eth0")
	n.do("ip", "-n", h.name, "link", "set", "eth0", "up")
	n.do("ip", "-n", h.name, "link", "set", "lo", "up")
}

// nobody is the address of no machine.
const nobody = "02:00:00:00:00:01"

// lose has what the machine sends to another one get lost, without a word to either.
func (h *host) lose(to *host) {
	h.net.t.Helper()
	h.net.do("ip", "-n", h.name, "neigh", "replace", to.addr, "lladdr", nobody, "nud", "permanent", "dev", "eth0")
	h.loses = append(h.loses, to)
}

// reach ends lose.
func (h *host) reach(to *host) {
	h.net.t.Helper()
	if i := slices.Index(h.loses, to); i >= 0 {
		h.net.do("ip", "-n", h.name, "neigh", "del", to.addr, "dev", "eth0")
		h.loses = slices.Delete(h.loses, i, i+1)
	}
}

// cut cuts the machine off from the first one, deaf has it hear nothing of that. heal ends both.
func (h *host) cut()  { h.net.t.Helper(); h.lose(h.net.hosts[0]); h.deaf() }
func (h *host) deaf() { h.net.t.Helper(); h.net.hosts[0].lose(h) }
func (h *host) heal() { h.net.t.Helper(); h.reach(h.net.hosts[0]); h.net.hosts[0].reach(h) }

// hamper has the machine's link be slow and lose packets. A kernel without netem has a narrow one,
// which drops what does not fit.
func (h *host) hamper() {
	h.net.t.Helper()
	for _, at := range [][]string{{"-n", h.name, "qdisc", "replace", "dev", "eth0"}, {"-n", h.net.name + "-switch", "qdisc", "replace", "dev", h.port}} {
		netem := append(slices.Clone(at), strings.Fields("root netem delay 4ms 1ms loss 1%")...)
		if exec.Command("tc", netem...).Run() != nil {
			h.net.do(append(append([]string{"tc"}, at...), strings.Fields("root tbf rate 40mbit burst 8kb latency 3ms")...)...)
		}
	}
}

// command is a command on the machine. Its process is that of the command itself.
func (h *host) command(argv ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.name}, argv...)...)
}

// processes are those that run on the machine.
func (h *host) processes() []string {
	out, err := exec.Command("ip", "netns", "pids", h.name).Output()
	if err != nil {
		return nil // it is gone
	}
	return strings.Fields(string(out))
}

// empty waits until no process is left on any machine.
func (n *network) empty() {
	n.t.Helper()
	for _, h := range n.hosts {
		if !within(func() bool { return len(h.processes()) == 0 }) {
			for _, pid := range h.processes() {
				line, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline")) // it may end now
				n.t.Errorf("on %s process %s is left: %s", h.name, pid, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
	}
}

// remove removes the network with all that runs in it.
func (n *network) remove() {
	for _, name := range namespaces() {
		if !strings.HasPrefix(name, n.name+"-") {
			continue
		}
		if err := removeNamespace(name); err != nil {
			n.t.Error(err)
		}
	}
}

func removeNamespace(name string) error {
	for _, word := range (&host{name: name}).processes() {
		if pid, err := strconv.Atoi(word); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may end now
		}
	}
	if out, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil {
		return fmt.Errorf("remove namespace %s: %w, %s", name, err, out)
	}
	return nil
}
