//! The host's end of a worker: a process that is started, asked, waited for no
//! longer than a limit, and never left behind.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Program;
use super::message::{self, Reply, Request};
use crate::library::one_line;
use crate::{CallError, HostError};

/// How long a wait is before it is looked whether anybody still wants it.
const GLANCE: Duration = Duration::from_millis(20);
/// How long a worker may take to end in peace.
const FAREWELL: Duration = Duration::from_millis(500);
/// Longest line of a plug-in's prints that is kept.
const MAX_LINE: usize = 1000;
/// Lines of a plug-in's prints that are kept for the error.
const LAST_WORDS: usize = 8;

/// A worker. Dropping it ends the process.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    incoming: Receiver<Incoming>,
    /// The last lines that it printed.
    printed: VecDeque<String>,
    /// Limit of its memory in bytes, once it was told.
    memory: Option<u64>,
}

enum Incoming {
    Reply(Box<Reply>),
    /// Something that is no reply.
    Nonsense(String),
    /// A line that the plug-in printed.
    Printed(String),
    StdoutEnded,
    StderrEnded,
}

/// Why there is no answer. The process has ended.
#[derive(Debug)]
pub(crate) enum Died {
    /// The worker program itself cannot be used.
    Unusable(String),
    /// The process ended by itself.
    Ended(String),
    /// The memory limit, in bytes, was reached.
    OutOfMemory(u64),
    /// The time limit was reached.
    TimedOut(Duration),
    /// Nobody wants the answer any more.
    Cancelled,
}

impl Process {
    /// Starts a worker.
    pub(crate) fn start(program: &Program) -> Result<Self, Died> {
        let mut command = Command::new(&program.path);
        command.args(&program.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is for the host, which ends its workers itself.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let failed = |error: io::Error| Died::Unusable(format!("{}: {error}", program.path.display()));
        let mut child = command.spawn().map_err(failed)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // Bounded: a plug-in that prints without end waits for us.
        let (sender, incoming) = sync_channel(64);
        let mut process = Self { child, stdin, incoming, printed: VecDeque::new(), memory: None };
        let started = match (stdout, stderr) {
            (Some(stdout), Some(stderr)) => {
                let lines = sender.clone();
                spawn("worker's prints", move || read_lines(stderr, &lines))
                    .and_then(|()| spawn("worker's replies", move || read_replies(stdout, &sender)))
            }
            _ => Err(io::Error::other("it has no pipes")),
        };
        match started {
            Ok(()) => Ok(process),
            Err(error) => {
                process.kill();
                Err(failed(error))
            }
        }
    }

    /// Remembers the limit that the worker is told, for the name of its death.
    pub(crate) fn limit_memory(&mut self, bytes: Option<u64>) {
        self.memory = bytes;
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, request: &Request) -> Result<(), Died> {
        let sent = match &mut self.stdin {
            Some(stdin) => message::write(stdin, request),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        match sent {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(self.autopsy()),
            Err(error) => {
                self.kill();
                Err(Died::Unusable(error.to_string()))
            }
        }
    }

    /// The next reply, not later than `limit` after `since`. What the plug-in
    /// prints meanwhile goes to `print`.
    pub(crate) fn receive(
        &mut self,
        since: Instant,
        limit: Duration,
        cancelled: impl Fn() -> bool,
        mut print: impl FnMut(&str),
    ) -> Result<Reply, Died> {
        loop {
            if cancelled() {
                self.kill();
                return Err(Died::Cancelled);
            }
            let left = limit.saturating_sub(since.elapsed());
            if left.is_zero() {
                self.kill();
                return Err(Died::TimedOut(limit));
            }
            match self.incoming.recv_timeout(left.min(GLANCE)) {
                Ok(Incoming::Reply(reply)) => return Ok(*reply),
                Ok(Incoming::Printed(line)) => {
                    print(&line);
                    self.remember(line);
                }
                Ok(Incoming::StderrEnded) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Incoming::Nonsense(what)) => {
                    self.kill();
                    return Err(Died::Ended(format!("answered with nonsense: {what}")));
                }
                Ok(Incoming::StdoutEnded) | Err(RecvTimeoutError::Disconnected) => {
                    // Cancelled by what ended the worker too.
                    return Err(if cancelled() { Died::Cancelled } else { self.autopsy() });
                }
            }
        }
    }

    /// One request and its reply.
    pub(crate) fn ask(&mut self, request: &Request, limit: Duration) -> Result<Reply, Died> {
        let since = Instant::now();
        self.send(request)?;
        self.receive(since, limit, || false, |_| ())
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) -> Option<ExitStatus> {
        self.stdin = None;
        // One that has ended already keeps the status that it ended with.
        let _ = self.child.kill();
        self.child.wait().ok()
    }

    /// How it ended: its last words first, then its status.
    fn autopsy(&mut self) -> Died {
        self.listen_until(|incoming| matches!(incoming, Incoming::StderrEnded));
        let status = self.kill();
        let words = self.printed.iter().map(String::as_str).filter(|line| !line.trim().is_empty());
        let words: Vec<_> = words.collect();
        if let Some(limit) = self.memory
            && words.iter().any(|line| speaks_of_memory(line))
        {
            return Died::OutOfMemory(limit);
        }
        let how = status.map_or_else(|| "ended".to_owned(), how);
        Died::Ended(match words.last() {
            Some(words) => one_line(&format!("{how}: {words}")),
            None => how,
        })
    }

    fn listen_until(&mut self, end: impl Fn(&Incoming) -> bool) {
        let since = Instant::now();
        while let Ok(incoming) = self.incoming.recv_timeout(FAREWELL.saturating_sub(since.elapsed())) {
            if end(&incoming) {
                break;
            }
            if let Incoming::Printed(line) = incoming {
                self.remember(line);
            }
        }
    }

    fn remember(&mut self, line: String) {
        if self.printed.len() == LAST_WORDS {
            self.printed.pop_front();
        }
        self.printed.push_back(line);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(stdin) = &mut self.stdin
            && message::write(stdin, &Request::Quit).is_ok()
        {
            self.listen_until(|incoming| matches!(incoming, Incoming::StdoutEnded));
        }
        self.kill();
    }
}

impl From<Died> for CallError {
    fn from(died: Died) -> Self {
        match died {
            Died::Unusable(text) => Self::Worker(text),
            Died::Ended(how) => Self::Crashed(how),
            Died::OutOfMemory(limit) => Self::OutOfMemory { limit },
            Died::TimedOut(limit) => Self::TimedOut(limit),
            Died::Cancelled => Self::Cancelled,
        }
    }
}

impl From<Died> for HostError {
    fn from(died: Died) -> Self {
        match died {
            Died::Unusable(text) => Self::Worker(text),
            Died::Ended(how) => Self::ScanCrashed(how),
            Died::OutOfMemory(limit) => Self::ScanCrashed(format!("used more than {} MiB", limit >> 20)),
            Died::TimedOut(limit) => Self::ScanTimedOut(limit),
            Died::Cancelled => Self::ScanCrashed("was stopped".into()),
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

fn read_replies(mut stdout: impl Read, to: &SyncSender<Incoming>) {
    loop {
        let (incoming, last) = match message::read(&mut stdout) {
            Ok(Some(reply)) => (Incoming::Reply(Box::new(reply)), false),
            Ok(None) => (Incoming::StdoutEnded, true),
            Err(error) => (Incoming::Nonsense(one_line(&error.to_string())), true),
        };
        if to.send(incoming).is_err() || last {
            return;
        }
    }
}

fn read_lines(mut stderr: impl Read, to: &SyncSender<Incoming>) {
    let (mut line, mut buffer) = (vec![], [0; 4096]);
    let send = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line).into_owned();
        line.clear();
        to.send(Incoming::Printed(text)).is_ok()
    };
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        for &byte in &buffer[..count] {
            if byte == b'\n' {
                if !send(&mut line) {
                    return;
                }
            } else if line.len() < MAX_LINE {
                line.push(byte);
            }
        }
    }
    if line.is_empty() || send(&mut line) {
        let _ = to.send(Incoming::StderrEnded);
    }
}

/// Whether a last word is that of an allocator: Rust's, C++'s, the system's.
fn speaks_of_memory(line: &str) -> bool {
    let line = line.to_lowercase();
    ["memory allocation of", "bad_alloc", "out of memory", "cannot allocate memory"]
        .iter()
        .any(|words| line.contains(words))
}

/// How a process ended, as what it did.
fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            4 => "SIGILL",
            6 => "SIGABRT",
            7 => "SIGBUS",
            8 => "SIGFPE",
            9 => "SIGKILL",
            11 => "SIGSEGV",
            15 => "SIGTERM",
            _ => return format!("was ended by signal {signal}"),
        };
        return format!("was ended by {name}");
    }
    match status.code() {
        Some(code) => format!("exited with status {code}"),
        None => "ended".into(),
    }
}
