//! Names of people and firms as they are met in China; every combination is made up.

use super::catalogue::Branch;
use super::draw::Draw;

/// The hundred most frequent surnames, weights in tenths of a thousandth of the population (rounded
/// from the name reports of the Ministry of Public Security).
#[rustfmt::skip]
const SURNAMES: [(&str, u32); 100] = [
    ("王", 715), ("李", 710), ("张", 675), ("刘", 540), ("陈", 480), ("杨", 310), ("黄", 225), ("赵", 220), ("吴", 205), ("周", 200),
    ("徐", 145), ("孙", 143), ("马", 130), ("朱", 126), ("胡", 116), ("郭", 115), ("何", 108), ("林", 107), ("高", 100), ("罗", 95),
    ("郑", 92), ("梁", 84), ("谢", 72), ("宋", 69), ("唐", 65), ("许", 64), ("邓", 62), ("韩", 60), ("冯", 60), ("曹", 57),
    ("彭", 56), ("曾", 56), ("肖", 55), ("田", 53), ("董", 52), ("潘", 50), ("袁", 50), ("蔡", 49), ("蒋", 48), ("余", 48),
    ("于", 47), ("杜", 46), ("叶", 45), ("程", 44), ("魏", 43), ("苏", 42), ("吕", 41), ("丁", 40), ("任", 39), ("卢", 39),
    ("姚", 38), ("沈", 38), ("钟", 37), ("姜", 36), ("崔", 36), ("谭", 35), ("陆", 35), ("范", 34), ("汪", 34), ("廖", 33),
    ("石", 33), ("金", 32), ("韦", 31), ("贾", 31), ("夏", 31), ("付", 30), ("方", 30), ("邹", 29), ("熊", 29), ("白", 28),
    ("孟", 28), ("秦", 27), ("邱", 27), ("侯", 26), ("江", 26), ("尹", 25), ("薛", 25), ("闫", 25), ("雷", 24), ("段", 24),
    ("龙", 23), ("黎", 23), ("史", 22), ("陶", 22), ("贺", 22), ("毛", 21), ("郝", 21), ("顾", 20), ("龚", 20), ("邵", 20),
    ("万", 19), ("覃", 19), ("武", 18), ("钱", 18), ("戴", 18), ("严", 17), ("莫", 17), ("孔", 16), ("向", 16), ("欧阳", 7),
];

/// The given names of one decade of births and one sex: characters that begin and end a name of two,
/// characters that stand alone, and how often one stands alone.
struct GivenNames {
    first: &'static str,
    second: &'static str,
    single: &'static str,
    single_share: f64,
}

const fn given(
    first: &'static str,
    second: &'static str,
    single: &'static str,
    single_share: f64,
) -> GivenNames {
    GivenNames {
        first,
        second,
        single,
        single_share,
    }
}

/// By decade from the 1950s on: men, women.
const GIVEN_NAMES: [[GivenNames; 2]; 6] = [
    [
        given(
            "建国志德永文明福长玉宝荣",
            "国华平林生山军民贵才祥忠",
            "军勇强刚斌平",
            0.12,
        ),
        given(
            "秀桂玉淑凤兰春素翠金",
            "英兰珍芳花梅荣琴云华",
            "英敏玲霞芳萍",
            0.10,
        ),
    ],
    [
        given(
            "建志国永卫文海德明少新立",
            "军华平强明民东林清辉成生",
            "军勇伟平斌强涛",
            0.22,
        ),
        given(
            "秀丽桂玉春小红爱淑凤",
            "英华芳梅萍兰霞珍琴玲",
            "丽敏静霞燕萍红",
            0.20,
        ),
    ],
    [
        given(
            "志建海晓文永国新少宏立俊",
            "军强伟明峰东辉勇斌华涛平",
            "伟勇军斌涛强刚波鹏",
            0.34,
        ),
        given(
            "晓丽春海雪艳红小玉秀",
            "燕梅霞玲红华艳敏丽萍",
            "丽静燕敏霞艳娟红",
            0.32,
        ),
    ],
    [
        given(
            "志晓文海俊建明永子宇振家",
            "鹏伟峰明辉龙飞超斌杰涛军",
            "伟磊涛鹏超勇杰波峰凯",
            0.42,
        ),
        given(
            "晓丽雪海婷美小艳春文",
            "燕娜婷丽玲敏静霞芳萍",
            "静娜婷敏丽娟燕丹莉",
            0.40,
        ),
    ],
    [
        given(
            "俊浩志文子宇嘉天家晓泽明",
            "杰宇豪鹏龙辉阳轩峰凯鑫文",
            "鑫浩杰宇凯磊帅鹏阳",
            0.28,
        ),
        given(
            "佳雨思梦雪晓欣文嘉婷",
            "怡婷雪琪瑶颖洁琳慧敏",
            "婷倩颖悦雪洁敏莹",
            0.26,
        ),
    ],
    [
        given(
            "子浩宇梓俊嘉博泽一睿思家",
            "轩涵宇豪泽睿晨阳杰然航辰",
            "浩睿轩宇晨昊",
            0.10,
        ),
        given("梓欣雨子诗思佳可一语", "涵怡萱琪彤妍瑶桐宁悦", "悦妍涵琪彤", 0.08),
    ],
];

/// The name of a person born in `born`.
pub(super) fn person(born: i32, draw: &mut Draw) -> String {
    let decade = ((born - 1950) / 10).clamp(0, GIVEN_NAMES.len() as i32 - 1) as usize;
    let pool = &GIVEN_NAMES[decade][draw.below(2) as usize];
    let surname = draw.weighted(&SURNAMES);
    let mut name = String::from(*surname);
    if draw.chance(pool.single_share) {
        name.extend(character(pool.single, draw));
        return name;
    }
    let first = character(pool.first, draw);
    name.extend(first);
    let second = character(pool.second, draw);
    // Twice the same character is one character: nobody here is called 国国.
    if second != first {
        name.extend(second);
    }
    name
}

fn character(text: &str, draw: &mut Draw) -> Option<char> {
    text.chars().nth(draw.below(text.chars().count() as u64) as usize)
}

/// Trades with the words that end a firm's name, and how many firms are in them.
const TRADES: [(&str, u32); 20] = [
    ("软件有限公司", 9),
    ("信息技术有限公司", 10),
    ("精密机械有限公司", 8),
    ("电子科技有限公司", 9),
    ("物流有限公司", 8),
    ("供应链管理有限公司", 5),
    ("商贸有限公司", 12),
    ("连锁超市有限公司", 4),
    ("餐饮管理有限公司", 7),
    ("酒店管理有限公司", 4),
    ("建筑工程有限公司", 8),
    ("房地产开发有限公司", 3),
    ("生物医药有限公司", 4),
    ("医疗器械有限公司", 4),
    ("新能源股份有限公司", 4),
    ("汽车零部件有限公司", 5),
    ("服饰有限公司", 5),
    ("食品股份有限公司", 4),
    ("文化传媒有限公司", 5),
    ("教育咨询有限公司", 4),
];

const TRADE_NAME_FIRST: &str = "锐恒瑞宏盛鼎泰嘉联启云信诚卓润博凌华景昊";
const TRADE_NAME_SECOND: &str = "承远达科通源创辰腾丰拓越航欣朗特维禾";

/// The name of a firm in the city of its branch. It says that it is an example, because some
/// combination of city, name and trade is bound to exist.
pub(super) fn firm(branch: &Branch, draw: &mut Draw) -> String {
    let mut name = String::from(branch.city);
    name.extend(character(TRADE_NAME_FIRST, draw));
    name.extend(character(TRADE_NAME_SECOND, draw));
    let trade: &str = draw.weighted::<&str>(&TRADES);
    name.push_str(trade);
    name.push_str("（示例）");
    name
}
