//! Asking the systems behind panels: side by side, each within its deadline, with answers kept for a while and a
//! breaker for each. State of this process; what is decided of panels is read from the database every time.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Currency, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::crypto::{Cipher, Zeroizing};
use platform::outbound::{Call, Client, Fault, Said};
use platform::{Caller, Permission, Platform, Tx};
use serde_json::Value;
use tokio::time::Instant;

use super::app::{Draft, UnsavedPanel, draft, found};
use super::cache::{Cache, Kept, Key};
use super::model::{Panel, PanelAuth, PanelId, PanelShown, PanelTry, ShownField};
use super::rules::{self, Admission, Breaker, Template, Values};
use super::store::{self, SECRET, Stored};
use crate::identities;
use crate::model::CustomerId;
use crate::overview::{PartState, Subject, milliseconds, subject};
use crate::rules::masking;

/// So many calls of one panel at a time; more are as good as late.
const CALLS_AT_ONCE_MAX: u32 = 32;
/// For so long an answer is shown in place of one that does not come.
const STALE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// A customer has no more active identities than this.
const ACTIVE_MAX: u32 = 200;
/// So much of an answer that is not shown is read, so that the connection can be used again.
const UNREAD_BYTES_MAX: usize = 16 << 10;

/// The panels of this process. Cheap to clone.
#[derive(Clone)]
pub struct PanelRoom(Arc<Inner>);

struct Inner {
    platform: Platform,
    client: Client,
    cache: Mutex<Cache>,
    sources: Mutex<HashMap<PanelId, Source>>,
}

/// How it goes with the system behind a panel as it is decided now.
#[derive(Debug, Default)]
struct Source {
    version: i64,
    breaker: Breaker,
    calls: u32,
}

/// What is asked about one customer: read in one transaction, asked without any.
pub(crate) struct Questions {
    panels: Vec<Stored>,
    cipher: Option<Cipher>,
    values: Values,
    currency: Currency,
    zone: TimeZone,
    /// Whether the caller may see what is personal.
    personal: bool,
}

/// What became of a call: the JSON; nothing where the system does not know the customer; or why there is none.
struct Called {
    status: Option<u16>,
    answer: Result<Option<Value>, &'static str>,
}

impl Called {
    fn failed(status: Option<u16>, code: &'static str) -> Self {
        Self {
            status,
            answer: Err(code),
        }
    }
}

impl Questions {
    /// What the active panels ask about a customer.
    pub(crate) async fn load(
        platform: &Platform,
        tx: &mut Tx,
        caller: &Caller,
        about: &Subject,
    ) -> Result<Self> {
        let mut panels = store::all(tx).await?;
        panels.retain(|stored| stored.panel.settings.active);
        Self::of(platform, tx, caller, (about, panels)).await
    }

    async fn of(
        platform: &Platform,
        tx: &mut Tx,
        caller: &Caller,
        (about, panels): (&Subject, Vec<Stored>),
    ) -> Result<Self> {
        let personal = caller.may(Permission::CustomersPersonal);
        let of_identities = panels.iter().any(|stored| {
            Template::parse(&stored.panel.settings.url).is_ok_and(|template| template.needs_identities())
        });
        let of_secrets = panels.iter().any(|stored| stored.secret.is_some());
        let cipher = if of_identities || of_secrets {
            Some(platform.keys.cipher(tx).await?)
        } else {
            None
        };
        let mut identities = BTreeMap::new();
        if let Some(cipher) = cipher.as_ref().filter(|_| of_identities) {
            // The newest come first.
            for identity in identities::store::active(tx, cipher, about.id, ACTIVE_MAX).await? {
                if personal || !masking::is_personal(identity.kind) {
                    identities.entry(identity.kind).or_insert(identity.value);
                }
            }
        }
        Ok(Self {
            panels,
            cipher,
            values: Values {
                id: about.id.uuid(),
                external_id: about.external_id.clone(),
                identities,
            },
            currency: about.firm.currency,
            zone: about.firm.time_zone()?,
            personal,
        })
    }

    fn secret(&self, stored: &Stored) -> Result<Option<Zeroizing<String>>> {
        let sealed = stored.secret.as_ref().zip(self.cipher.as_ref());
        sealed
            .map(|(sealed, cipher)| cipher.open(SECRET, stored.panel.id.uuid(), sealed))
            .transpose()
    }

    fn url(&self, panel: &Panel) -> Option<String> {
        Template::parse(&panel.settings.url).ok()?.fill(&self.values)
    }

    fn read(&self, panel: &Panel, answer: &Value) -> Vec<ShownField> {
        rules::read(&panel.settings.fields, answer, self.currency, &self.zone)
    }
}

impl PanelRoom {
    /// Opens the room.
    pub fn open(platform: Platform) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            platform,
            client: Client::new()?,
            cache: Mutex::default(),
            sources: Mutex::default(),
        })))
    }

    /// What the panels show: by then each has answered or is marked.
    pub(crate) async fn show(&self, questions: &Questions, until: Instant) -> Vec<PanelShown> {
        self.forget_others(&questions.panels);
        let asked = questions
            .panels
            .iter()
            .map(|stored| self.show_one(questions, stored, until));
        join_all(asked).await
    }

    async fn show_one(&self, questions: &Questions, stored: &Stored, until: Instant) -> PanelShown {
        let begun = Instant::now();
        let panel = &stored.panel;
        let shown = |state, code, kept: Option<&Kept>, stale| PanelShown {
            id: panel.id,
            zh: panel.settings.zh.clone(),
            en: panel.settings.en.clone(),
            state,
            code,
            took_ms: milliseconds(begun.elapsed()),
            answered_at: kept.map(|kept| kept.at),
            stale,
            fields: kept.and_then(|kept| kept.fields.clone()).unwrap_or_default(),
        };
        let answered = |kept: &Kept| {
            let code = kept.fields.is_none().then_some("panel_knows_nothing");
            shown(PartState::Ok, code, Some(kept), false)
        };
        if !questions.personal && rules::is_personal(&panel.settings) {
            return shown(PartState::Forbidden, Some("forbidden"), None, false);
        }
        let Some(url) = questions.url(panel) else {
            return shown(PartState::Failed, Some("panel_value_missing"), None, false);
        };
        let key = Key {
            panel: panel.id,
            version: panel.version,
            url,
        };
        let now = self.0.platform.clock.now();
        let kept = self.kept(&key, now);
        let fresh = SignedDuration::from_secs(panel.settings.cache_s.into());
        if let Some(kept) = kept.as_deref().filter(|kept| age(kept, now) < fresh) {
            return answered(kept);
        }
        match self.ask(questions, stored, &key, until).await {
            Ok(kept) => answered(&kept),
            Err(code) => {
                let late = matches!(code, "panel_timeout" | "panel_busy");
                let state = if late { PartState::Late } else { PartState::Failed };
                shown(state, Some(code), kept.as_deref(), kept.is_some())
            }
        }
    }

    /// An answer that may still be shown.
    fn kept(&self, key: &Key, now: Timestamp) -> Option<Arc<Kept>> {
        let mut cache = self.0.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = cache.get(key)?;
        if age(&kept, now) > STALE_MAX {
            cache.remove(key);
            return None;
        }
        Some(kept)
    }

    /// Asks the system, if it is not resting, and keeps what it says.
    async fn ask(
        &self,
        questions: &Questions,
        stored: &Stored,
        key: &Key,
        until: Instant,
    ) -> Result<Arc<Kept>, &'static str> {
        let clock = &self.0.platform.clock;
        let secret = questions.secret(stored).map_err(|e| {
            tracing::error!(error = %e, panel = %stored.panel.id, "the secret of a panel does not open");
            "internal"
        })?;
        let own = Duration::from_millis(stored.panel.settings.deadline_ms.into());
        let given = own.min(until.saturating_duration_since(Instant::now()));
        let at_work = self.admit(&stored.panel, clock.now())?;
        let called = self.call(&stored.panel, secret, &key.url, given).await;
        match &called.answer {
            // It was not given the time it may take: nothing is known of it.
            Err("panel_timeout") if given < own => {}
            answer => at_work.heard(answer.is_ok(), clock.now()),
        }
        let answer = called.answer?;
        let kept = Arc::new(Kept {
            at: clock.now(),
            fields: answer.map(|answer| questions.read(&stored.panel, &answer)),
        });
        if stored.panel.settings.cache_s > 0 {
            let mut cache = self.0.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.put(key.clone(), Arc::clone(&kept));
        }
        Ok(kept)
    }

    async fn call(
        &self,
        panel: &Panel,
        secret: Option<Zeroizing<String>>,
        url: &str,
        deadline: Duration,
    ) -> Called {
        let settings = &panel.settings;
        let call = Call {
            url,
            reach: settings.reach(),
            headers: headers(&settings.auth, secret.as_deref().map_or("", String::as_str)),
            said: Said::Nothing,
            deadline,
        };
        let answer = match self.0.client.send(call).await {
            Ok(answer) => answer,
            Err(fault) => return Called::failed(None, code(fault)),
        };
        let status = Some(answer.status);
        match answer.status {
            204 | 404 | 410 => {
                let _what_it_says_does_not_matter = answer.read(UNREAD_BYTES_MAX).await;
                return Called {
                    status,
                    answer: Ok(None),
                };
            }
            200..=299 => {}
            300..=399 => return Called::failed(status, "panel_redirected"),
            _ => return Called::failed(status, "panel_status"),
        }
        if !answer.content_type.as_deref().is_some_and(is_json) {
            return Called::failed(status, "panel_not_json");
        }
        match answer.read(settings.bytes_max as usize).await {
            Err(fault) => Called::failed(status, code(fault)),
            Ok(bytes) => Called {
                status,
                answer: serde_json::from_slice(&bytes)
                    .map(Some)
                    .map_err(|_| "panel_not_json"),
            },
        }
    }

    /// Lets a call through, unless there are too many or the system is resting.
    fn admit(&self, panel: &Panel, now: Timestamp) -> Result<AtWork<'_>, &'static str> {
        let mut sources = self.sources();
        let source = sources.entry(panel.id).or_default();
        if source.version != panel.version {
            *source = Source {
                version: panel.version,
                ..Source::default()
            };
        }
        if source.calls >= CALLS_AT_ONCE_MAX {
            return Err("panel_busy");
        }
        let (breaker, admission) = source.breaker.admit(now);
        source.breaker = breaker;
        let admission = admission.ok_or("panel_resting")?;
        source.calls += 1;
        Ok(AtWork {
            room: self,
            panel: panel.id,
            version: panel.version,
            admission,
        })
    }

    fn sources(&self) -> MutexGuard<'_, HashMap<PanelId, Source>> {
        self.0.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets systems whose panels are gone.
    fn forget_others(&self, panels: &[Stored]) {
        let mut sources = self.sources();
        if sources.len() > panels.len() {
            sources.retain(|id, _| panels.iter().any(|stored| stored.panel.id == *id));
        }
    }

    /// Asks a panel's system about one customer at once, whatever is kept, and says how it went. Needs
    /// `panels.manage` with the whole firm, and, since the answer is shown whole, `customers.personal` beside
    /// `customers.read`.
    pub async fn try_it(&self, caller: &Caller, id: PanelId, customer: CustomerId) -> Result<PanelTry> {
        may_try(caller)?;
        let mut tx = self.0.platform.db.read().await?;
        let stored = found(store::get(&mut tx, id).await?)?;
        let kept = Draft { stored, secret: None };
        self.try_draft(tx, caller, customer, kept, Saved::Yes).await
    }

    /// The same for settings that nobody has saved, without storing anything; the log says that and where it was
    /// asked. They may have no fields yet: the places
    /// of values are found in the answer. The secret of a panel that is being changed is used where none is said.
    ///
    /// Errors: as where they are saved.
    pub async fn try_unsaved(
        &self,
        caller: &Caller,
        customer: CustomerId,
        unsaved: UnsavedPanel,
    ) -> Result<PanelTry> {
        may_try(caller)?;
        let mut tx = self.0.platform.db.read().await?;
        let draft = draft(&self.0.platform, &mut tx, unsaved).await?;
        self.try_draft(tx, caller, customer, draft, Saved::No).await
    }

    async fn try_draft(
        &self,
        mut tx: Tx,
        caller: &Caller,
        customer: CustomerId,
        draft: Draft,
        saved: Saved,
    ) -> Result<PanelTry> {
        let platform = &self.0.platform;
        let missing = || Error::invalid("customer_unknown", "there is no such customer").at("customer");
        let about = subject(platform, &mut tx, caller, customer)
            .await?
            .ok_or_else(missing)?;
        let questions = Questions::of(platform, &mut tx, caller, (&about, vec![draft.stored])).await?;
        drop(tx);
        let Some(stored) = questions.panels.first() else {
            return Err(Error::internal("the panel is gone"));
        };
        let Some(url) = questions.url(&stored.panel) else {
            return Ok(PanelTry {
                url: None,
                status: None,
                code: Some("panel_value_missing"),
                took_ms: 0.0,
                fields: Vec::new(),
                answer: None,
            });
        };
        let secret = match draft.secret {
            Some(said) => Some(said),
            None => questions.secret(stored)?,
        };
        if saved == Saved::No {
            // Of a saved one the log says where it asks; this one leaves no other trace.
            super::app::record_tried(platform, caller, &stored.panel, about.id).await?;
        }
        let deadline = Duration::from_millis(stored.panel.settings.deadline_ms.into());
        let begun = Instant::now();
        let called = self.call(&stored.panel, secret, &url, deadline).await;
        let took_ms = milliseconds(begun.elapsed());
        let (code, answer) = match called.answer {
            Ok(Some(answer)) => (None, Some(answer)),
            Ok(None) => (Some("panel_knows_nothing"), None),
            Err(code) => (Some(code), None),
        };
        let read = |answer| questions.read(&stored.panel, answer);
        Ok(PanelTry {
            url: Some(url),
            status: called.status,
            code,
            took_ms,
            fields: answer.as_ref().map(read).unwrap_or_default(),
            answer,
        })
    }
}

/// Whether the panel that is tried is one that the log knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Saved {
    Yes,
    No,
}

fn may_try(caller: &Caller) -> Result<()> {
    caller.require_whole_firm(Permission::PanelsManage)?;
    caller.require(Permission::CustomersRead)?;
    caller.require(Permission::CustomersPersonal)
}

/// How old an answer is; one from the future, where the clock was set back, is as old as it is early.
fn age(kept: &Kept, now: Timestamp) -> SignedDuration {
    now.duration_since(kept.at).abs()
}

/// A call that was let through; dropped unheard, it counts neither way.
struct AtWork<'a> {
    room: &'a PanelRoom,
    panel: PanelId,
    version: i64,
    admission: Admission,
}

impl AtWork<'_> {
    fn heard(&self, answered: bool, now: Timestamp) {
        self.with_source(|source| source.breaker = source.breaker.heard(self.admission, answered, now));
    }

    fn with_source(&self, change: impl FnOnce(&mut Source)) {
        let mut sources = self.room.sources();
        if let Some(source) = sources.get_mut(&self.panel)
            && source.version == self.version
        {
            change(source);
        }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.with_source(|source| source.calls = source.calls.saturating_sub(1));
    }
}

fn headers<'a>(auth: &'a PanelAuth, secret: &str) -> Vec<(&'a str, String)> {
    match auth {
        PanelAuth::None => Vec::new(),
        PanelAuth::Bearer => vec![("authorization", format!("Bearer {secret}"))],
        PanelAuth::Basic { user } => {
            let both = STANDARD.encode(format!("{user}:{secret}"));
            vec![("authorization", format!("Basic {both}"))]
        }
        PanelAuth::Header { name } => vec![(name.as_str(), secret.to_owned())],
    }
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/json" | "text/json") || kind.ends_with("+json")
}

fn code(fault: Fault) -> &'static str {
    match fault {
        Fault::Timeout => "panel_timeout",
        Fault::Unreachable => "panel_unreachable",
        Fault::NotPermitted => "panel_address_refused",
        Fault::TooLarge => "panel_too_large",
    }
}
