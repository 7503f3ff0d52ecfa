"""What rules of several chapters hear: any edit of a kind, what comes with one (``Gain``), what goes (``Loss``)."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Changed, Removed
from mx_changeclass.model.kinds.files import ThemeFile
from mx_changeclass.model.kinds.flows import Microflow, Nanoflow
from mx_changeclass.model.kinds.pages import Form
from mx_changeclass.rules.engine.rule import In

FormEdit = Added[In[Form]] | Removed[In[Form]] | Changed[In[Form]]
FormGain = Added[In[Form]] | Changed[In[Form]]
MicroflowEdit = Added[In[Microflow]] | Removed[In[Microflow]] | Changed[In[Microflow]]
NanoflowEdit = Added[In[Nanoflow]] | Removed[In[Nanoflow]] | Changed[In[Nanoflow]]
NanoflowGain = Added[In[Nanoflow]] | Changed[In[Nanoflow]]
NanoflowLoss = Removed[In[Nanoflow]] | Changed[In[Nanoflow]]
ThemeEdit = Added[ThemeFile] | Removed[ThemeFile] | Changed[ThemeFile]
