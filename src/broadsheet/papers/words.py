"""Words that part phrases in English abstracts of papers: function words, and what every paper says of itself."""

_STOP = """
a abilities ability about above accurately achieve achieved achieves achieving across additional address
addresses addressing adopt advancements advances after again against aim aims all allow allowing allows
almost along already also although among an analysis analyze and another any application applications apply
applying approach approaches are art as aspect aspects at attention authors automatically available back
based be became because become becomes becoming been before being below best better between beyond both
bridges bridging broad build building built but by called can cannot capabilities capability capable
captures capturing case cases certain challenge challenges challenging code combines combining common
community compare compared comparing complex comprehensive conduct consider considering consistent
consistently contains contribute conventional correctly could critical crucial current currently data
dataset datasets degree demonstrate demonstrated demonstrates demonstrating design designed despite develop
developed develops did different difficult directly diverse do does doing done due during each early easily
effect effective effectively effectiveness effects efficient efficiently effort efforts either else emerging
employing employs enable enabled enables enabling enhance enhanced enhances enhancing enough ensure ensures
ensuring entire especially essential etc evaluate evaluated evaluating evaluation even every everything
evolving example examples exhibit exhibits existing experiment experimental experiments explicitly
exploiting exploits explore extending extends extensive extent faces facilitates facilitating facing factor
factors fail far few final find finding findings first five focus focuses focusing following for former
found four framework from full fully fundamental further furthermore gain gap generally generates github
given gives goes going good greatly growing guided had has have having he help helps hence her here high
higher highly his how however https i identify if impact implemented implicitly important improve improved
improvement improvements improves improving in includes including incorporates incorporating increase
increasing increasingly indeed information inherent insights instead integrates integrating into introduce
introduced introduces introducing investigate involves involving is issue issues it its itself jointly just
keep key kind kinds lacking lacks larger last latter leading leads learning least less let leverage
leverages leveraging like likely limitations limited literature long lot low lower made main mainly
maintaining maintains major make makes making many may me measured method methods metrics might mitigates
mitigating model models more moreover most mostly much multiple must my namely naturally near nearly
necessary need needed needs neither never nevertheless new next no none nor not notable novel now number
observed obtain occurs of off offer offering offers often on once one ones only onto operate operates or
order original other others otherwise our ours out outperform outperforming outperforms over overall
overcomes overcoming own paper part particular particularly parts per performance performing performs
perhaps persistent poor poorly popular possible potential powerful practical present presented presents
preserves preserving previous primary prior problem problems process processes produce project promising
propose proposed proposes proposing provide provides providing purely put quickly quite range rapid rapidly
rather real really recent recently reduce reduces reducing regarding related relevant relies rely remain
remains remarkable require required requires research researchers respectively result resulting results
reveal reveals role same scenario scenarios second see seem seems seen serve serves set setting settings
several shall she should show showed showing shown shows significant significantly similar simple simply
simultaneously since six small so solely some sometimes specific specifically state still strategies strong
struggle struggles studies study subsequent substantial substantially such suffer suggest suggests suitable
superior support supporting surpasses surpassing system systematic systematically systems tackle take takes
task tasks technique techniques term terms tested than that the their them then there thereby therefore
these they third this those though three through thus to together too tool tools toward towards traditional
trained training two type types typically under underlying understood unified unique unlike until up upon us
use used useful uses using usually utilizes utilizing validate valuable variety various vast very via vital
was way ways we well were what when where whereas whether which while who whole whom whose why wide widely
will with within without work works worse would xii yet yielding yields you your
"""
STOP = frozenset(_STOP.split())
"""Words between which phrases stand."""

_INNER = """
agents analysis approach approaches attention capabilities capability code control data dataset datasets
design effect effects evaluation finding framework gap generates improvement information learning method
methods metrics model models performance problem problems process research role set setting settings state
support system systems task tasks technique techniques tool tools training
"""
INNER = frozenset(_INNER.split())
"""Of these: words that may stand within a phrase but are none by themselves."""

_NEVER_FIRST = """
approach approaches art capabilities capability dataset datasets effect effects finding framework generates
improvement method methods metrics model models performance problem problems process set setting settings
state system systems task tasks technique techniques tools
"""
NEVER_FIRST = frozenset(_NEVER_FIRST.split())
"""Of these: words with which no phrase begins."""
