//! Users, roles, branches and teams, as those decide who may.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use base::PageSize;
use jiff::SignedDuration;
use platform::access::app::sessions::{self, Which};
use platform::access::app::{self, api_keys, branches, roles, teams, users};
use platform::access::{
    BranchChange, BranchId, NewApiKey, Reach, Role, RoleChange, ScopeKind, TeamChange, TeamId, UserChange,
    UserRecord,
};
use platform::testing::{TestDb, caller};
use platform::{Caller, Clock, Permission, Platform, events, test_on_both};

const HERE: &str = "127.0.0.1";

fn code<T: std::fmt::Debug>(result: base::Result<T>) -> &'static str {
    result.unwrap_err().code()
}

fn decided(role: impl ToString) -> UserChange {
    UserChange {
        name: "Someone".to_owned(),
        role: role.to_string(),
        branch_id: None,
        team_ids: Vec::new(),
        active: true,
    }
}

fn role(name: &str, permissions: &[&str], scope: ScopeKind) -> RoleChange {
    RoleChange {
        name: Some(name.to_owned()),
        permissions: Some(permissions.iter().map(|name| (*name).to_owned()).collect()),
        scope,
    }
}

fn branch(code: &str, parent_id: Option<BranchId>) -> BranchChange {
    BranchChange {
        code: code.to_owned(),
        name: code.to_owned(),
        parent_id,
    }
}

/// Signs in with the one-time password and chooses another one: the session's token.
async fn signed_in(p: &Platform, login: &str, one_time: String) -> String {
    let first = app::sign_in(p, login, one_time.clone(), HERE).await.unwrap();
    let chosen = "a good password".to_owned();
    app::change_password(p, &first.caller, one_time, chosen)
        .await
        .unwrap()
        .token
}

async fn now(p: &Platform, token: &str) -> Caller {
    app::session(p, token).await.unwrap().0
}

test_on_both!(what_is_decided_about_a_user_takes_effect_at_once);
async fn what_is_decided_about_a_user_takes_effect_at_once(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let top = branches::add(p, &admin, branch("top", None)).await.unwrap().id;
    let below = branches::add(p, &admin, branch("below", Some(top)))
        .await
        .unwrap()
        .id;
    let manager = roles::add(p, &admin, role("manager", &["customers.read"], ScopeKind::Branch))
        .await
        .unwrap();
    let (anna, one_time) = users::add(p, &admin, " Anna ", decided(Role::Viewer))
        .await
        .unwrap();
    assert_eq!((anna.user.login.as_str(), anna.version), ("anna", 1));
    let token = signed_in(p, "anna", one_time).await;
    let caller = now(p, &token).await;
    assert!(caller.scope().is_whole_firm() && caller.may(Permission::ValueRead));

    let in_branch = UserChange {
        branch_id: Some(top),
        ..decided(manager.role)
    };
    let stale = users::change(p, &admin, anna.user.id, 7, in_branch.clone()).await;
    assert_eq!(code(stale), "version_stale");
    let anna = users::change(p, &admin, anna.user.id, anna.version, in_branch.clone())
        .await
        .unwrap();
    let caller = now(p, &token).await;
    assert!(!caller.may(Permission::ValueRead));
    assert_eq!(
        code(caller.require_whole_firm(Permission::CustomersRead)),
        "forbidden"
    );
    let Reach::Branches(mut reach) = caller.scope().reach().clone() else {
        panic!("{:?}", caller.scope());
    };
    reach.sort_unstable();
    let mut both = vec![top, below];
    both.sort_unstable();
    assert_eq!(reach, both);

    let wider = role("manager", &["customers.read", "value.read"], ScopeKind::Own);
    roles::change(p, &admin, manager.role, manager.version, wider)
        .await
        .unwrap();
    let caller = now(p, &token).await;
    assert!(caller.may(Permission::ValueRead));
    assert_eq!(caller.scope().reach(), &Reach::Owners(vec![anna.user.id]));

    let gone = UserChange {
        active: false,
        ..in_branch.clone()
    };
    let anna = users::change(p, &admin, anna.user.id, anna.version, gone)
        .await
        .unwrap();
    assert_eq!(code(app::session(p, &token).await), "not_signed_in");
    let back = users::change(p, &admin, anna.user.id, anna.version, in_branch)
        .await
        .unwrap();
    assert_eq!(
        code(app::session(p, &token).await),
        "not_signed_in",
        "the session is over"
    );
    let (_, one_time) = users::reset_password(p, &admin, back.user.id).await.unwrap();
    signed_in(p, "anna", one_time).await;

    let mut tx = p.db.read().await.unwrap();
    let kinds: Vec<_> = events::of_subject(&mut tx, "user", anna.user.id.uuid(), 50)
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .filter(|kind| kind.starts_with("user.added") || kind.starts_with("user.changed"))
        .collect();
    assert_eq!(
        kinds,
        ["user.changed", "user.changed", "user.changed", "user.added"]
    );
}

test_on_both!(somebody_stays_who_may_do_everything);
async fn somebody_stays_who_may_do_everything(t: &TestDb) {
    let p = &t.platform;
    let (first, _) = app::add_user(p, "first", "First", Role::Administrator)
        .await
        .unwrap();
    let admin = app::caller_of(p, first.id).await.unwrap();
    let (second, _) = users::add(p, &admin, "second", decided(Role::Administrator))
        .await
        .unwrap();
    let demoted = async |user: &UserRecord| {
        users::change(p, &admin, user.user.id, user.version, decided(Role::Viewer)).await
    };
    let first = users::get(p, &admin, first.id).await.unwrap();
    // Both at once: one of them has to stay.
    let (one, other) = tokio::join!(demoted(&first), demoted(&second));
    let refused = [one, other]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].code(), "last_administrator");
    for user in [first.user.id, second.user.id] {
        let user = users::get(p, &admin, user).await.unwrap();
        if user.user.role == Role::Administrator {
            let gone = UserChange {
                active: false,
                ..decided(Role::Administrator)
            };
            let gone = users::change(p, &admin, user.user.id, user.version, gone).await;
            assert_eq!(code(gone), "last_administrator");
        }
    }
}

test_on_both!(nobody_gives_more_than_they_have);
async fn nobody_gives_more_than_they_have(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let desk = ["access.read", "users.manage", "customers.read"];
    let desk = roles::add(p, &admin, role("desk", &desk, ScopeKind::All))
        .await
        .unwrap();
    let (anna, _) = users::add(p, &admin, "anna", decided(desk.role)).await.unwrap();
    let (boss, _) = users::add(p, &admin, "boss", decided(Role::Administrator))
        .await
        .unwrap();
    let anna = app::caller_of(p, anna.user.id).await.unwrap();
    // Who may read nothing of roles is told what the own one is called and how far it reaches.
    let standing = app::standing(p, &anna).await.unwrap();
    assert_eq!(
        (
            standing.role_name.as_deref(),
            standing.scope,
            standing.branch_name
        ),
        (Some("desk"), Some(ScopeKind::All), None)
    );
    assert_eq!(
        code(users::add(p, &anna, "x", decided(Role::Administrator)).await),
        "forbidden"
    );
    assert_eq!(
        code(users::add(p, &anna, "x", decided(Role::Viewer)).await),
        "forbidden"
    );
    let change = users::change(p, &anna, boss.user.id, boss.version, decided(desk.role)).await;
    assert_eq!(code(change), "forbidden");
    assert_eq!(
        code(users::reset_password(p, &anna, boss.user.id).await),
        "forbidden"
    );
    let more = roles::add(p, &anna, role("more", &["value.run"], ScopeKind::All)).await;
    assert_eq!(code(more), "forbidden");
    let agents = roles::add(p, &anna, role("agents", &["customers.read"], ScopeKind::Own))
        .await
        .unwrap();
    users::add(p, &anna, "agent", decided(agents.role)).await.unwrap();

    // By a piece of the login or of the name, whatever its case; a sign of a pattern is a sign.
    let admin = caller(Role::Administrator);
    let found = async |piece: &str| {
        let one = PageSize::new(Some(1)).unwrap();
        let (mut logins, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = users::list(p, &admin, Some(piece), one, cursor.as_deref())
                .await
                .unwrap();
            logins.extend(page.items.into_iter().map(|record| record.user.login));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return logins;
            }
        }
    };
    assert!(found("GENT").await.contains(&"agent".to_owned()));
    assert_eq!(found(" agent ").await, ["agent"]);
    assert_eq!(found("nobody at all").await, [] as [&str; 0]);
    assert_eq!(found("_gent").await, [] as [&str; 0]);
    assert_eq!(found("%").await, [] as [&str; 0]);
    assert!(found(" ").await.len() > 2);
    let named = UserChange {
        name: "Élodie".to_owned(),
        ..decided(Role::Viewer)
    };
    users::add(p, &admin, "cook", named).await.unwrap();
    assert_eq!(found("élod").await, ["cook"]);
    assert_eq!(found("ÉLODIE").await, ["cook"]);
    let long = users::list(
        p,
        &admin,
        Some(&"x".repeat(101)),
        PageSize::new(None).unwrap(),
        None,
    )
    .await;
    assert_eq!(code(long), "search_too_long");

    let analyst = caller(Role::Analyst);
    let size = PageSize::new(None).unwrap();
    assert_eq!(
        code(users::list(p, &analyst, None, size, None).await),
        "forbidden"
    );
    assert_eq!(code(roles::list(p, &analyst).await), "forbidden");
    assert_eq!(code(branches::list(p, &analyst, size, None).await), "forbidden");
    assert_eq!(code(teams::list(p, &analyst, size, None).await), "forbidden");
    assert_eq!(
        code(users::add(p, &analyst, "x", decided(Role::Viewer)).await),
        "forbidden"
    );
    assert_eq!(
        code(branches::add(p, &analyst, branch("x", None)).await),
        "forbidden"
    );
}

test_on_both!(what_cannot_be_is_refused_and_changes_nothing);
async fn what_cannot_be_is_refused_and_changes_nothing(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let top = branches::add(p, &admin, branch("top", None)).await.unwrap();
    let mid = branches::add(p, &admin, branch("mid", Some(top.id)))
        .await
        .unwrap();
    let low = branches::add(p, &admin, branch("low", Some(mid.id)))
        .await
        .unwrap();
    let nowhere = || BranchId::from(uuid::Uuid::from_u128(1));
    assert_eq!(
        code(branches::add(p, &admin, branch("mid", None)).await),
        "branch_code_taken"
    );
    assert_eq!(
        code(branches::add(p, &admin, branch(" ", None)).await),
        "name_malformed"
    );
    assert_eq!(
        code(branches::add(p, &admin, branch("x", Some(nowhere()))).await),
        "branch_unknown"
    );
    for below in [top.id, mid.id, low.id] {
        let moved = branches::change(p, &admin, top.id, top.version, branch("top", Some(below))).await;
        assert_eq!(code(moved), "branch_below_itself");
    }
    let moved = branches::change(p, &admin, low.id, low.version, branch("low", Some(top.id)))
        .await
        .unwrap();
    assert_eq!((moved.parent_id, moved.version), (Some(top.id), 2));

    let team = |name: &str| TeamChange {
        name: name.to_owned(),
    };
    let east = teams::add(p, &admin, team("east")).await.unwrap();
    assert_eq!(code(teams::add(p, &admin, team("east")).await), "team_name_taken");
    let renamed = teams::change(p, &admin, east.id, east.version, team("west"))
        .await
        .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.members), ("west", 0));
    assert_eq!(
        code(teams::change(p, &admin, east.id, 1, team("x")).await),
        "version_stale"
    );

    let no_role = Role::Made(uuid::Uuid::from_u128(1).into());
    assert_eq!(
        code(users::add(p, &admin, "x", decided(no_role)).await),
        "role_unknown"
    );
    assert_eq!(
        code(users::add(p, &admin, "x", decided("boss")).await),
        "role_unknown"
    );
    assert_eq!(
        code(users::add(p, &admin, "a b", decided(Role::Viewer)).await),
        "login_malformed"
    );
    let nobody = UserChange {
        name: String::new(),
        ..decided(Role::Viewer)
    };
    assert_eq!(code(users::add(p, &admin, "x", nobody).await), "name_malformed");
    let lost = UserChange {
        branch_id: Some(nowhere()),
        ..decided(Role::Viewer)
    };
    assert_eq!(code(users::add(p, &admin, "x", lost).await), "branch_unknown");
    let alone = UserChange {
        team_ids: vec![TeamId::from(uuid::Uuid::from_u128(1))],
        ..decided(Role::Viewer)
    };
    assert_eq!(code(users::add(p, &admin, "x", alone).await), "team_unknown");
    let size = PageSize::new(None).unwrap();
    assert!(
        users::list(p, &admin, None, size, None)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let member = UserChange {
        team_ids: vec![east.id, east.id],
        ..decided(Role::Viewer)
    };
    users::add(p, &admin, "x", member).await.unwrap();
    assert_eq!(
        code(users::add(p, &admin, "X", decided(Role::Viewer)).await),
        "login_taken"
    );
    assert_eq!(
        teams::list(p, &admin, size, None).await.unwrap().items[0].members,
        1
    );

    let named = roles::add(p, &admin, role("a", &[], ScopeKind::Own))
        .await
        .unwrap();
    assert_eq!(
        code(roles::add(p, &admin, role("a", &[], ScopeKind::Own)).await),
        "role_name_taken"
    );
    assert_eq!(
        code(roles::add(p, &admin, role("b", &["fly"], ScopeKind::Own)).await),
        "permission_unknown"
    );
    let scope_of = async |role: Role, scope| {
        let decided = RoleChange {
            name: None,
            permissions: None,
            scope,
        };
        roles::change(p, &admin, role, 1, decided).await
    };
    assert_eq!(
        code(scope_of(Role::Administrator, ScopeKind::Own).await),
        "role_built_in"
    );
    assert_eq!(code(scope_of(named.role, ScopeKind::Own).await), "name_malformed");
    let viewer = scope_of(Role::Viewer, ScopeKind::Team).await.unwrap();
    assert_eq!((viewer.scope, viewer.permissions.len()), (ScopeKind::Team, 4));
    let more = role("viewer", &["value.run"], ScopeKind::All);
    assert_eq!(
        code(roles::change(p, &admin, Role::Viewer, 2, more).await),
        "role_built_in"
    );
    let all = roles::list(p, &admin).await.unwrap();
    assert_eq!(all.len(), 4);
    assert!(all[..3].iter().all(|role| role.name.is_none()));
}

test_on_both!(sessions_are_seen_and_ended_one_or_all);
async fn sessions_are_seen_and_ended_one_or_all(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let (anna, one_time) = users::add(p, &admin, "anna", decided(Role::Viewer))
        .await
        .unwrap();
    let first = signed_in(p, "anna", one_time).await;
    let caller = now(p, &first).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let session = app::sign_in(p, "anna", "a good password".to_owned(), HERE)
            .await
            .unwrap();
        others.push(session.token);
    }
    let mine = sessions::mine(p, &caller, &first).await.unwrap();
    assert_eq!(mine.len(), 4);
    assert_eq!(mine.iter().filter(|one| one.is_current).count(), 1);
    assert_eq!(
        mine.iter()
            .filter(|one| one.address.as_deref() == Some(HERE))
            .count(),
        3
    );
    let gone = mine.iter().find(|one| !one.is_current).unwrap().id;
    sessions::end_mine(p, &caller, &first, Which::One(gone))
        .await
        .unwrap();
    assert_eq!(
        code(sessions::end_mine(p, &caller, &first, Which::One(gone)).await),
        "not_found"
    );
    let seen = sessions::of_user(p, &admin, anna.user.id).await.unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|one| one.id != gone && !one.is_current));
    sessions::end_mine(p, &caller, &first, Which::All).await.unwrap();
    for other in &others {
        assert_eq!(code(app::session(p, other).await), "not_signed_in");
    }
    now(p, &first).await;

    let viewer = platform::testing::caller(Role::Viewer);
    assert_eq!(
        code(sessions::of_user(p, &viewer, anna.user.id).await),
        "forbidden"
    );
    let refused = sessions::end_of_user(p, &viewer, anna.user.id, Which::All).await;
    assert_eq!(code(refused), "forbidden");
    // Another user's session is not there for one's own list.
    let last = sessions::mine(p, &caller, &first).await.unwrap()[0].id;
    assert_eq!(
        code(sessions::end_mine(p, &viewer, "x", Which::One(last)).await),
        "not_found"
    );
    sessions::end_of_user(p, &admin, anna.user.id, Which::One(last))
        .await
        .unwrap();
    assert_eq!(code(app::session(p, &first).await), "not_signed_in");
}

fn new_key(permissions: &[&str], per_minute: i32) -> NewApiKey {
    NewApiKey {
        name: "nightly".to_owned(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        expires_in_days: 7,
        per_minute,
    }
}

test_on_both!(a_key_calls_for_its_user_and_does_no_more);
async fn a_key_calls_for_its_user_and_does_no_more(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed("2026-11-21T08:00:00Z".parse().unwrap()));
    let admin = caller(Role::Administrator);
    let (anna, one_time) = users::add(p, &admin, "anna", decided(Role::Viewer))
        .await
        .unwrap();
    let token = signed_in(p, "anna", one_time).await;
    let session = now(p, &token).await;
    let anna_id = anna.user.id;

    let refused = api_keys::add(p, &session, new_key(&["imports.write"], 5)).await;
    assert_eq!(code(refused), "forbidden");
    assert_eq!(
        code(api_keys::add(p, &session, new_key(&["fly"], 5)).await),
        "permission_unknown"
    );
    assert_eq!(
        code(api_keys::add(p, &session, new_key(&[], 0)).await),
        "rate_out_of_range"
    );
    let forever = NewApiKey {
        expires_in_days: 400,
        ..new_key(&[], 5)
    };
    assert_eq!(
        code(api_keys::add(p, &session, forever).await),
        "expiry_out_of_range"
    );

    let wanted = ["customers.read", "value.read"];
    let (key, secret) = api_keys::add(p, &session, new_key(&wanted, 3)).await.unwrap();
    let called = api_keys::caller(p, &secret).await.unwrap();
    assert_eq!((called.0.user.id, called.1), (anna_id, key.expires_at));
    assert_eq!(called.0.permissions(), wanted);
    assert_eq!(called.0.scope(), session.scope());
    assert_eq!(
        code(api_keys::mine(p, &called.0).await),
        "forbidden",
        "keys do not look after keys"
    );
    assert_eq!(
        code(api_keys::add(p, &called.0, new_key(&[], 3)).await),
        "forbidden"
    );
    assert_eq!(code(app::session(p, &secret).await), "not_signed_in");
    assert_eq!(code(api_keys::caller(p, &token).await), "not_signed_in");
    let mine = api_keys::mine(p, &session).await.unwrap();
    assert_eq!(mine[0].last_used_at, Some(p.clock.now()));

    // Three in a minute, and then one every twenty seconds.
    for _ in 0..2 {
        api_keys::caller(p, &secret).await.unwrap();
    }
    let Err(base::Error::TooMany {
        code: limited,
        retry_after_s,
        ..
    }) = api_keys::caller(p, &secret).await
    else {
        panic!("a key was used too often");
    };
    assert_eq!((limited, retry_after_s), ("rate_limited", 20));
    p.clock.advance(SignedDuration::from_secs(60));

    // What the user loses the key loses at once.
    let less = roles::add(p, &admin, role("less", &["value.read"], ScopeKind::Own))
        .await
        .unwrap();
    let anna = users::change(p, &admin, anna_id, anna.version, decided(less.role))
        .await
        .unwrap();
    let called = api_keys::caller(p, &secret).await.unwrap().0;
    assert_eq!(called.permissions(), ["value.read"]);
    assert!(!called.scope().is_whole_firm());
    let gone = UserChange {
        active: false,
        ..decided(less.role)
    };
    let anna = users::change(p, &admin, anna_id, anna.version, gone)
        .await
        .unwrap();
    assert_eq!(code(api_keys::caller(p, &secret).await), "not_signed_in");
    users::change(p, &admin, anna_id, anna.version, decided(Role::Viewer))
        .await
        .unwrap();
    api_keys::caller(p, &secret).await.unwrap();

    assert_eq!(
        code(api_keys::revoke_of_user(p, &session, anna_id, key.id).await),
        "forbidden"
    );
    api_keys::revoke_of_user(p, &admin, anna_id, key.id)
        .await
        .unwrap();
    assert_eq!(code(api_keys::caller(p, &secret).await), "not_signed_in");
    assert_eq!(
        code(api_keys::revoke_of_user(p, &admin, anna_id, key.id).await),
        "not_found"
    );
    let (_, short) = api_keys::add(p, &admin_of(p).await, new_key(&["jobs.read"], 9))
        .await
        .unwrap();
    api_keys::caller(p, &short).await.unwrap();
    p.clock.advance(SignedDuration::from_hours(24 * 7));
    assert_eq!(code(api_keys::caller(p, &short).await), "not_signed_in");
    assert!(api_keys::of_user(p, &admin, anna_id).await.unwrap().is_empty());
}

async fn admin_of(p: &Platform) -> Caller {
    let (root, _) = app::add_user(p, "root", "Root", Role::Administrator)
        .await
        .unwrap();
    // The one-time password is changed, or the key could do nothing either.
    let mut tx = p.db.write().await.unwrap();
    tx.execute("UPDATE users SET one_time_until = NULL WHERE login = 'root'", [])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app::caller_of(p, root.id).await.unwrap()
}
