package html

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gotestcohort/cohort/report/record"
)

var screenshots = flag.String("screenshots", "", "write pictures of the sample report to this folder")

// findBrowser returns a Chromium, or skips: there is nothing like it to try the page in.
func findBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("NO CHROMIUM IN PATH: THE HTML REPORT IS NOT TESTED IN A BROWSER (apt-get install chromium)")
	return ""
}

// tab is a page in a browser. It collects what the page should never do.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu    sync.Mutex
	wrong []string
}

// openTab opens a report of runs from a file, with fragment in the address.
func openTab(t *testing.T, fragment string, runs ...*record.Run) *tab {
	t.Helper()
	path := findBrowser(t)
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(write(t, runs...)), 0o644); err != nil {
		t.Fatal(err)
	}
	// Its folder is chromedp's, which removes it once all its processes have ended: what was killed with the
	// first may write for a while. A key or click may come before the first picture.
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.WindowSize(1280, 900),
		chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
	}
	for _, name := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "allow-pre-commit-input"} {
		options = append(options, chromedp.Flag(name, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // far above what any needs: else it hangs
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	b.do() // starts the browser
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.do(call(log.Enable, cdp.Empty{}), call(network.Enable, network.EnableParams{}), call(cdppage.Enable, cdppage.EnableParams{}))
	b.do(chromedp.Navigate("file://" + filepath.ToSlash(file) + fragment))
	b.wait(`document.documentElement.dataset.ready === "yes"`)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			t.Errorf("the page %s", w)
		}
	})
	return b
}

// hear notes exceptions, messages (a breach of the policy is one), dialogs and requests.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, "throws: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.wrong = append(b.wrong, "is told: "+e.Entry.Text)
	case *cdppage.EventJavascriptDialogOpening:
		b.wrong = append(b.wrong, "opens a dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		if url, _, _ := strings.Cut(e.Request.URL, "#"); !strings.HasPrefix(url, "file://") || !strings.HasSuffix(url, "/report.html") {
			b.wrong = append(b.wrong, "asks for "+url)
		}
	}
}

// call is an action that sends a command of the protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns the value of an expression in the page, as text. A promise is waited for.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		"Promise.resolve("+expression+").then(String)", chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return text
}

// wait returns when a condition of the page holds.
func (b *tab) wait(condition string) {
	b.t.Helper()
	b.eval(`new Promise(done => { const look = () => { if (` + condition + `) done(true); else requestAnimationFrame(look); }; look(); })`)
}

// resize makes the screen that of a telephone.
func (b *tab) resize(width, height int64) {
	b.t.Helper()
	b.do(call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: true}))
}

func (b *tab) want(expression, want string) {
	b.t.Helper()
	if got := b.eval(expression); got != want {
		b.t.Errorf("%s is %q, want %q", expression, got, want)
	}
}

const (
	seenCards = `[...document.querySelectorAll("[data-card]")].filter(c => !c.hidden).length`
	rowNames  = `[...document.querySelectorAll(".row .test")].map(e => e.textContent).join(" ")`
	shownText = `document.getElementById("shown").textContent`
)

// TestBrowserFilters opens the page, filters, goes back to the same view by its address, and reads details.
func TestBrowserFilters(t *testing.T) {
	t.Parallel()
	b := openTab(t, "", shop())
	b.want(seenCards, "2")
	b.want(shownText, "19")
	b.want(`document.querySelector(".row .test").textContent`, "TestTakeTooMuch")
	b.eval(`document.querySelector("[name=q]").focus()`)
	b.do(chromedp.KeyEvent("e2e PAY"))
	b.want(shownText, "1 of 19")
	b.want(rowNames, "TestPay")
	b.want(seenCards, "1")
	b.want(`location.hash`, "#q=e2e+PAY")
	b.do(chromedp.Click(chromedp.CSS(".row")), chromedp.WaitVisible(chromedp.CSS("#detail")))
	if text := b.eval(`document.getElementById("detail").innerText`); !strings.Contains(text, "2 ran before it in process 3") || !strings.Contains(text, "@pay") {
		t.Errorf("details: %s", text)
	}
	b.eval(`document.querySelector("button[type=reset]").click()`)
	b.wait(shownText + ` === "19"`)
	// Filters by what is known of units and processes.
	for _, test := range []struct{ hash, rows string }{
		{"#label=network&sort=name", "TestAddress TestCart TestPay"},
		{"#owner=%40stock", "TestTakeTooMuch"},
		{"#status=skip", "TestSearchByVoice"},
		{"#status=none", "TestRefill"},
		{"#status=quarantined", ""},
		{"#worker=1&status=fail", "TestTakeTooMuch"},
		{"#package=stock&min=1&sort=time", "TestTake TestTakeTooMuch"},
		{"#q=nothing+like+this", ""},
	} {
		// Chromium tells of the new address a moment later.
		b.eval(fmt.Sprintf(`new Promise(done => { addEventListener("hashchange", () => setTimeout(done), {once: true}); location.hash = %q; })`, test.hash))
		b.want(rowNames, test.rows)
	}
}

// TestBrowserLink opens a link to a view, and to a test.
func TestBrowserLink(t *testing.T) {
	t.Parallel()
	b := openTab(t, "#status=flaky&t=e2e+TestCart", shop(), shop())
	b.want(rowNames, "TestPay")
	b.want(`document.getElementById("detail-title").textContent`, "TestCart e2e")
	b.want(`document.querySelectorAll("#runs tr").length`, "2")
	b.want(`document.querySelector("#detail .history").innerText.includes("passed")`, "true")
}

// TestBrowserKeys uses the list and the timeline with keys only.
func TestBrowserKeys(t *testing.T) {
	t.Parallel()
	b := openTab(t, "", shop())
	b.do(chromedp.Focus(chromedp.CSS("#list")), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown))
	b.want(`document.querySelector(".row.current .test").textContent`, "TestRefill")
	b.want(`document.getElementById(document.getElementById("list").getAttribute("aria-activedescendant")).textContent.includes("TestRefill")`, "true")
	b.do(chromedp.KeyEvent("\r"), chromedp.WaitVisible(chromedp.CSS("#detail")))
	b.want(`document.activeElement.id`, "detail")
	b.do(chromedp.Focus(chromedp.CSS("#chart")), chromedp.KeyEvent(kb.ArrowRight), chromedp.WaitVisible(chromedp.CSS("#process")))
	if text := b.eval(`document.getElementById("process").innerText`); !strings.Contains(text, "Process 0: e2e checkout") || !strings.Contains(text, "TestAddress") || !strings.Contains(text, "40.0 MiB") {
		t.Errorf("process: %s", text)
	}
	b.want(`document.querySelectorAll("#chart rect.bar").length`, "8")
	b.want(`document.querySelectorAll("#chart rect.long").length`, "4")
	b.want(`[...document.querySelectorAll("#chart text")].map(e => e.textContent).filter(t => /^(all|worker)/.test(t)).join()`, "all,worker 0,worker 1,worker 2")
	b.want(`[...document.querySelectorAll("#chart rect.other, #chart rect.fail")].map(e => e.textContent).filter(t => t.includes("set-up")).join()`,
		"set-up services: passed after 700ms,set-up database of worker 1: passed after 200ms,tear-down of set-up database of worker 1: failed: exit status 1 after 100ms")
	b.eval(`document.querySelector("#chart rect.other").dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	if text := b.eval(`document.getElementById("process").innerText`); !strings.HasPrefix(text, "set-up services") || strings.Contains(text, "Process") || !strings.Contains(text, "docker compose up") {
		t.Errorf("set-up: %s", text)
	}
}

// TestBrowserCopy copies a command.
func TestBrowserCopy(t *testing.T) {
	t.Parallel()
	b := openTab(t, "", shop())
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.do(chromedp.Click(chromedp.CSS("#failures .copy")))
	b.wait(`document.getElementById("live").textContent === "Command copied"`)
	copied := b.eval(`navigator.clipboard.readText()`)
	if want := "go test -count=1 -run '^TestTakeTooMuch$' example.com/shop/stock"; copied != want {
		t.Errorf("copied %q, want %q", copied, want)
	}
}

// TestBrowserHostile looks at everything in a page of hostile names and output: nothing of it runs.
func TestBrowserHostile(t *testing.T) {
	t.Parallel()
	b := openTab(t, "", wicked(), wicked())
	title := b.eval("document.title")
	b.eval(`(() => {
		for (const d of document.querySelectorAll("details")) d.open = true;
		for (const at of document.querySelectorAll(".row")) at.click();
		for (const at of document.querySelectorAll("rect.bar")) at.dispatchEvent(new MouseEvent("click", {bubbles: true}));
		for (const e of document.querySelectorAll("*")) e.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
	})()`)
	b.want("document.title", title)
	b.want(`document.querySelectorAll("img, iframe, object, link, b[onclick], [onerror], [onmouseover]").length`, "0")
	b.want(`document.querySelectorAll("script").length`, "2")
	b.want(`[...document.querySelectorAll("a")].filter(a => !a.getAttribute("href").startsWith("#")).length`, "0")
	b.want(`getComputedStyle(document.body).display`, "block")
	b.want(`document.body.innerText.includes("\u202e")`, "false")
	if n := b.eval(`document.querySelectorAll(".row").length`); n == "0" {
		t.Error("no rows")
	}
}

// TestBrowserLarge opens 20,000 tests: only the rows that are seen are in the page.
func TestBrowserLarge(t *testing.T) {
	t.Parallel()
	began := time.Now()
	b := openTab(t, "", large(20_000))
	t.Logf("written, browser started and opened after %v; the page was ready after %s ms", time.Since(began), b.eval(`Math.round(performance.now())`))
	rows := `document.querySelectorAll(".row").length < 100 && document.querySelectorAll(".row").length > 10`
	b.want(rows, "true")
	b.eval(`document.getElementById("list").scrollTop = 36 * 15000`)
	b.wait(`document.querySelector('[aria-rowindex="15002"]') !== null`)
	b.want(rows, "true")
	t.Logf("a search took %s ms", b.eval(`(() => { const from = performance.now(); const q = document.querySelector('[name=q]'); q.value = "pkg150 9";
		q.dispatchEvent(new Event("input", {bubbles: true})); return Math.round(performance.now() - from); })()`))
	b.want(shownText, "19 of 20000")
}

// TestScreenshots writes pictures, if asked to.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	if *screenshots == "" {
		t.Skip("no -screenshots")
	}
	older := shop()
	older.Manifest.Start, older.Manifest.End = at(-500), at(-490)
	older.Tests[3].Attempts[0].Status = record.Failed
	b := openTab(t, "", older, shop())
	for _, look := range []struct {
		name, scheme string
		width        int64
		hash         string
	}{
		{"light", "light", 1280, ""}, {"dark", "dark", 1280, "#t=e2e+TestPay"}, {"telephone", "light", 400, ""},
	} {
		b.do(
			call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}}}),
			call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: look.width, Height: 900, DeviceScaleFactor: 1, Mobile: look.width < 500}),
		)
		b.eval(fmt.Sprintf("location.hash = %q", look.hash))
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*screenshots, look.name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
