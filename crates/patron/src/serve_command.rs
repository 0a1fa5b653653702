//! `patron serve`: the server with the console.
#![expect(clippy::print_stdout, reason = "this is what talks to the terminal")]

use std::net::SocketAddr;
use std::path::PathBuf;

use base::Result;
use clap::Args;
use platform::access::{self, Role};
use platform::jobs::Kinds;
use platform::{Caller, Platform};
use server::{Config, Limits, Network, Rooms};

use crate::example_job;

/// Where the server listens and keeps its data.
#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Where to listen.
    #[arg(long, env = "PATRON_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The address people use, such as https://patron.example.com; makes cookies secure.
    #[arg(long, env = "PATRON_PUBLIC_URL")]
    public_url: Option<String>,
    /// The proxies whose X-Forwarded-For is believed: addresses and networks, comma-separated. Behind a proxy
    /// on another machine, sign-in attempts of the whole firm count as one address without this.
    #[arg(
        long,
        env = "PATRON_TRUSTED_PROXIES",
        value_delimiter = ',',
        default_value = "127.0.0.0/8,::1"
    )]
    trusted_proxies: Vec<Network>,
}

/// Which database and data folder.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// The database, such as postgres://user@host/patron; a SQLite file in the data folder if not given.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The folder for the SQLite file, uploads, the ledger's columns and the runs' files.
    #[arg(long, env = "PATRON_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// The file with the keys of personal data; `keys` in the data folder if not given. Who loses it loses
    /// the data.
    #[arg(long, env = "PATRON_KEY_FILE")]
    key_file: Option<PathBuf>,
}

impl DataArguments {
    pub(crate) fn config(&self) -> Config {
        Config {
            listen: ([127, 0, 0, 1], 0).into(),
            database_url: self.database_url.clone(),
            data_dir: self.data_dir.clone(),
            key_file: self.key_file.clone(),
            public_url: None,
            trusted_proxies: Network::LOOPBACK.to_vec(),
            limits: Limits::default(),
        }
    }
}

impl ServeArguments {
    pub(crate) fn config(&self) -> Config {
        Config {
            listen: self.listen,
            public_url: self.public_url.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            ..self.data.config()
        }
    }
}

/// Every kind of job: the rooms' and the example firm's.
pub(crate) fn kinds(rooms: &Rooms) -> Kinds {
    rooms.kinds().with(example_job::KIND, example_job::perform)
}

/// The administrator, with a new one-time password: made where nobody is there yet.
pub(crate) async fn administrator(platform: &Platform) -> Result<(Caller, String)> {
    let (user, password) = if access::app::has_users(platform).await? {
        access::app::reset_password(platform, ADMINISTRATOR).await?
    } else {
        access::app::add_user(platform, ADMINISTRATOR, "Administrator", Role::Administrator).await?
    };
    Ok((Caller::at_the_command_line(user), password))
}

const ADMINISTRATOR: &str = "admin";

/// How to sign in, for a person at the terminal.
pub(crate) fn show_sign_in(address: &str, password: &str) {
    println!();
    println!("  Patron is at   {address}");
    println!("  sign in as     {ADMINISTRATOR}");
    println!("  password       {password}   (once, within 24 hours; you then choose your own)");
    println!();
    println!("  or open        {address}/sign-in#login={ADMINISTRATOR}&password={password}");
    println!();
    println!("  Ctrl-C stops it; nothing is lost.");
}

/// Serves until told to stop.
pub(crate) async fn serve(arguments: ServeArguments) -> Result<()> {
    let config = arguments.config();
    let platform = server::open(&config).await?;
    // Whoever is answered finds the first user there; who cannot be served makes none.
    let listener = server::listen(&config).await?;
    let first_password = if access::app::has_users(&platform).await? {
        None
    } else {
        Some(administrator(&platform).await?.1)
    };
    let rooms = Rooms::open(&platform)?;
    let kinds = kinds(&rooms);
    let served = server::start(&config, listener, rooms, kinds).await?;
    let address = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", served.address));
    match first_password {
        Some(password) => show_sign_in(&address, &password),
        None => println!("Patron is at {address} (a forgotten password: patron user reset-password LOGIN)"),
    }
    server::terminated().await;
    served.stop().await;
    Ok(())
}
