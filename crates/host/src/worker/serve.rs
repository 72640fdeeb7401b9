//! The worker's end: it loads one library, makes one instance and serves the
//! host until there is none.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use abi_stable::std_types::RSlice;
use agogic_abi::v1::Block;

use super::message::{self, BlockHead, Fault, OutputSize, Reply, Request};
use super::outputs::Outputs;
use super::shared::Shared;
use crate::backend::{Instance, Library};
use crate::library;

/// Serves requests at stdin until the host says goodbye or is no more.
pub fn run() -> ! {
    match Link::open() {
        Ok(link) => Worker::new(link).serve(),
        Err(_) => std::process::exit(1),
    }
}

/// The worker's end of the pipes.
pub(crate) struct Link {
    replies: File,
    requests: Receiver<Request>,
}

impl Link {
    /// Takes the pipes away from whatever the plug-in prints and reads.
    fn open() -> io::Result<Self> {
        let (mut from, replies) = pipes()?;
        let (sender, requests) = sync_channel(4);
        // A thread of its own sees the host end even while a plug-in hangs.
        let listen = move || {
            while let Ok(Some(request)) = message::read(&mut from) {
                let last = matches!(request, Request::Quit);
                if sender.send(request).is_err() || last {
                    return;
                }
            }
            end_at_once();
        };
        std::thread::Builder::new().name("requests".into()).spawn(listen)?;
        Ok(Self { replies, requests })
    }

    /// The next request; without a host the process ends here.
    pub(crate) fn next(&self) -> Request {
        match self.requests.recv() {
            Ok(Request::Quit) | Err(_) => std::process::exit(0),
            Ok(request) => request,
        }
    }

    pub(crate) fn reply(&self, reply: &Reply) {
        if message::write(&mut &self.replies, reply).is_err() {
            end_at_once();
        }
    }
}

struct Worker {
    link: Link,
    library: Option<Arc<dyn Library>>,
    instance: Option<Box<dyn Instance>>,
    sizes: Vec<OutputSize>,
    shared: Option<Shared>,
}

impl Worker {
    fn new(link: Link) -> Self {
        Self { link, library: None, instance: None, sizes: vec![], shared: None }
    }

    fn serve(mut self) -> ! {
        loop {
            let reply = match self.link.next() {
                Request::Load { file, memory } => self.load(&file, memory),
                Request::Tell { id, setup } => Reply::Told(match &self.library {
                    Some(library) => library.outputs(&id, &setup).map_err(Fault::from),
                    None => Err(Fault::Failed("there is no library".into())),
                }),
                Request::Create { id, setup } => Reply::Done(match &self.library {
                    Some(library) => library
                        .create(&id, &setup)
                        .map(|instance| self.instance = Some(instance))
                        .map_err(Fault::from),
                    None => Err(Fault::Failed("there is no library".into())),
                }),
                Request::Map { file, input, output } => {
                    self.shared = None;
                    Reply::Done(match Shared::open(&file, input, output) {
                        Ok(shared) => {
                            self.shared = Some(shared);
                            Ok(())
                        }
                        Err(error) => Err(Fault::Failed(format!("no shared memory: {error}"))),
                    })
                }
                Request::Outputs(sizes) => {
                    self.sizes = sizes;
                    Reply::Done(Ok(()))
                }
                Request::Process(head) => self.call(Some(head)),
                Request::Finish => self.call(None),
                Request::Reset => Reply::Done(match &mut self.instance {
                    Some(instance) => instance.reset().map_err(Fault::from),
                    None => Err(Fault::Failed("there is no instance".into())),
                }),
                Request::Taken | Request::Quit => continue,
            };
            self.link.reply(&reply);
        }
    }

    fn load(&mut self, file: &Path, memory: Option<u64>) -> Reply {
        if let Err(error) = limit(memory) {
            return Reply::Done(Err(Fault::Failed(format!("no memory limit: {error}"))));
        }
        let loaded = library::load(file).and_then(|library| {
            let manifest = library.manifest()?;
            self.library = Some(library);
            Ok(manifest)
        });
        match loaded {
            Ok(manifest) => Reply::Loaded(manifest),
            Err(error) => Reply::Unusable(error.into()),
        }
    }

    /// A block, or the end.
    fn call(&mut self, head: Option<BlockHead>) -> Reply {
        let (Some(instance), Some(shared)) = (&mut self.instance, &mut self.shared) else {
            return Reply::Done(Err(Fault::Failed("there is no instance or no memory".into())));
        };
        let Some(head) = head else {
            let mut sink = Outputs::new(&mut self.link, shared, &self.sizes);
            let done = instance.finish(&mut sink);
            sink.flush();
            return Reply::Done(done.map_err(Fault::from));
        };
        // The outputs are written into another area than the block lies in,
        // but the borrow checker sees one mapping: the block is copied out.
        let Some((ticks, values, events)) = contents(shared, &head) else {
            return Reply::Done(Err(Fault::Failed("a block that is not in memory".into())));
        };
        let block = Block {
            input: head.input,
            plane: head.plane,
            position: head.position,
            count: head.count,
            channels: head.channels,
            width: head.width,
            data: RSlice::from_slice(&values),
            events: RSlice::from_slice(&events),
            ticks: RSlice::from_slice(&ticks),
        };
        let mut sink = Outputs::new(&mut self.link, shared, &self.sizes);
        let done = instance.process(&block, &mut sink);
        sink.flush();
        Reply::Done(done.map_err(Fault::from))
    }
}

/// What a block holds: ticks, values, events.
fn contents(shared: &Shared, head: &BlockHead) -> Option<(Vec<f64>, Vec<f32>, Vec<u8>)> {
    let values = head.ticks.checked_mul(size_of::<f64>())?;
    let events = head.values.checked_mul(size_of::<f32>())?.checked_add(values)?;
    Some((
        shared.values(0, head.ticks)?.to_vec(),
        shared.values(values, head.values)?.to_vec(),
        shared.values(events, head.events)?.to_vec(),
    ))
}

/// The pipes to the host. In their place the plug-in reads nothing, and prints
/// to stderr.
#[cfg(unix)]
fn pipes() -> io::Result<(File, File)> {
    use std::os::fd::AsFd;

    let (stdin, stdout) =
        (io::stdin().as_fd().try_clone_to_owned()?, io::stdout().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok((stdin.into(), stdout.into()))
}

/// The pipes to the host.
#[cfg(windows)]
fn pipes() -> io::Result<(File, File)> {
    use std::os::windows::io::AsHandle;

    let (stdin, stdout) =
        (io::stdin().as_handle().try_clone_to_owned()?, io::stdout().as_handle().try_clone_to_owned()?);
    Ok((stdin.into(), stdout.into()))
}

/// Allows so many bytes on top of what is in use, and no core dump.
#[cfg(target_os = "linux")]
fn limit(memory: Option<u64>) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    let Some(memory) = memory else { return Ok(()) };
    // Private writable memory, which counts what is asked for and not what is
    // only set apart, as the address space does.
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split_whitespace().nth(5).and_then(|pages| pages.parse::<u64>().ok());
    let used = pages.unwrap_or(0).saturating_mul(rustix::param::page_size() as u64);
    let limit = Some(used.saturating_add(memory));
    Ok(setrlimit(Resource::Data, Rlimit { current: limit, maximum: limit })?)
}

/// Elsewhere nothing of the kind is enforced.
#[cfg(not(target_os = "linux"))]
fn limit(_memory: Option<u64>) -> io::Result<()> {
    Ok(())
}

/// Ends the process whatever the plug-in does.
fn end_at_once() -> ! {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
